/// Files of gzip, by zlib.
final class GzipUnpacker: Unpacker {
    private(set) var isBetweenMembers = false

    private let zlib: ZLib
    /// In one place, since zlib remembers where it lies.
    private let stream = UnsafeMutablePointer<ZLib.Stream>.allocate(capacity: 1)

    /// - Throws: ``UnpackingError``.
    init() throws {
        zlib = try ZLib.found.get()
        stream.initialize(to: .init())
        // The largest window, with the header of gzip.
        let status = zlib.begin(stream, 15 + 16, "1", Int32(MemoryLayout<ZLib.Stream>.size))
        guard status == ZLib.ok else { throw UnpackingError(reason: "zlib refuses to begin (\(status))") }
    }

    deinit {
        _ = zlib.end(stream)
        stream.deallocate()
    }

    func unpack(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws -> (consumed: Int, produced: Int) {
        // Behind a member there may be zeros, which fill a block of a tape.
        if isBetweenMembers, input.first == 0 { return (input.prefix { $0 == 0 }.count, 0) }
        stream.pointee.nextIn = input.baseAddress
        stream.pointee.availableIn = UInt32(input.count)
        stream.pointee.nextOut = output.baseAddress
        stream.pointee.availableOut = UInt32(output.count)
        let status = zlib.inflate(stream, 0)
        let consumed = input.count - Int(stream.pointee.availableIn)
        let produced = output.count - Int(stream.pointee.availableOut)
        switch status {
        case ZLib.streamEnd:
            _ = zlib.reset(stream)
            isBetweenMembers = true
        case ZLib.ok, ZLib.noProgress: if consumed > 0 { isBetweenMembers = false }
        default:
            throw UnpackingError(reason: stream.pointee.message.map { String(cString: $0) } ?? "zlib says \(status)")
        }
        return (consumed, produced)
    }
}

/// What is used of zlib.
private struct ZLib: Sendable {
    /// `z_stream` on systems of 64 bits.
    struct Stream {
        var nextIn: UnsafeRawPointer?
        var availableIn: UInt32 = 0
        var totalIn: UInt = 0
        var nextOut: UnsafeMutableRawPointer?
        var availableOut: UInt32 = 0
        var totalOut: UInt = 0
        var message: UnsafePointer<CChar>?
        var state, allocate, free, opaque: OpaquePointer?
        var dataType: Int32 = 0
        var checksum: UInt = 0
        var reserved: UInt = 0
    }

    typealias OfStream = @Sendable @convention(c) (UnsafeMutableRawPointer) -> Int32

    let begin: @Sendable @convention(c) (UnsafeMutableRawPointer, Int32, UnsafePointer<CChar>, Int32) -> Int32
    let inflate: @Sendable @convention(c) (UnsafeMutableRawPointer, Int32) -> Int32
    let reset, end: OfStream

    static let ok: Int32 = 0
    static let streamEnd: Int32 = 1
    static let noProgress: Int32 = -5

    static let found = Result { try ZLib() }

    private init() throws {
        let library = try SystemLibrary("libz.so.1", package: "zlib1g")
        begin = try library.function("inflateInit2_")
        inflate = try library.function("inflate")
        reset = try library.function("inflateReset")
        end = try library.function("inflateEnd")
    }
}
