import FoundationEssentials

/// How a file is packed, by the end of its name.
enum Packing: String, CaseIterable {
    case gz, zst, xz

    init?(of file: URL) { self.init(rawValue: file.pathExtension) }

    fileprivate func unpacker() throws -> any Unpacker {
        switch self {
        case .gz: try GzipUnpacker()
        case .zst: try ZstandardUnpacker()
        case .xz: try XZUnpacker()
        }
    }
}

extension Packing {
    /// The first 512 of the bytes that are packed so, or as many as there are; nil where the system cannot unpack them.
    func start(of packed: [UInt8]) -> [UInt8]? {
        guard let unpacker = try? unpacker() else { return nil }
        var (result, count) = ([UInt8](repeating: 0, count: 512), 0)
        var rest = packed[...]
        while count < result.count, !rest.isEmpty {
            let done = try? rest.withUnsafeBytes { input in
                try result.withUnsafeMutableBytes { output in
                    try unpacker.unpack(input, into: UnsafeMutableRawBufferPointer(rebasing: output[count...]))
                }
            }
            guard let done, done.consumed + done.produced > 0 else { break }
            rest = rest.dropFirst(done.consumed)
            count += done.produced
        }
        return Array(result.prefix(count))
    }
}

/// A format of packed files, which are members one after the other. Whatever a file says, it takes no more memory than
/// ``PackedReader/memoryLimit``.
protocol Unpacker: AnyObject {
    /// Whether a member has just ended, so that the file may end here.
    var isBetweenMembers: Bool { get }

    /// Unpacks some of `input`, of which there may be none, and returns how many bytes of both are done.
    ///
    /// - Throws: ``UnpackingError``.
    func unpack(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws -> (consumed: Int, produced: Int)
}

/// Why something cannot be unpacked.
package struct UnpackingError: Error, Equatable {
    package let reason: String
}

/// What a packed file holds.
final class PackedReader: ByteReader {
    /// As much as zstd itself takes without being asked to take more; xz needs half of it for what its -9 has packed.
    static let memoryLimit = 128 << 20

    private let packed: PlainReader
    private let unpacker: any Unpacker
    private let block = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 17, alignment: 64)
    /// Of the block, what is not yet unpacked.
    private var rest = 0..<0

    /// - Throws: ``TextError/unreadable(file:reason:)``.
    init(_ file: URL, _ packing: Packing) throws {
        packed = try PlainReader(file)
        do { unpacker = try packing.unpacker() } catch let error as UnpackingError {
            throw Self.unreadable(file, error.reason)
        }
    }

    deinit { block.deallocate() }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        while true {
            let input = UnsafeRawBufferPointer(rebasing: block[rest])
            let done: (consumed: Int, produced: Int)
            do { done = try unpacker.unpack(input, into: buffer) } catch let error as UnpackingError {
                throw Self.unreadable(packed.file, error.reason)
            }
            rest = rest.lowerBound + done.consumed..<rest.upperBound
            if done.produced > 0 { return done.produced }
            guard rest.isEmpty else { continue }
            rest = try 0..<packed.read(into: block)
            if rest.isEmpty {
                guard unpacker.isBetweenMembers else { throw Self.unreadable(packed.file, "it ends too early") }
                return 0
            }
        }
    }

    private static func unreadable(_ file: URL, _ reason: String) -> TextError {
        .unreadable(file: file.path, reason: "it cannot be unpacked: \(reason)")
    }
}
