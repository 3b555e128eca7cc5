import CharRNNFiles
import FoundationEssentials

/// The bytes of a text, which are read a block at a time: a text need not fit in memory, and one that another program
/// cuts short in the meantime ends early, where a mapped file would end the program.
struct TextSource {
    private enum Contents {
        case memory(Data)
        /// Files one after the other, unpacked where their names say that they are packed.
        case files([URL])
    }

    /// Where bytes lie, for errors.
    struct Place {
        /// The file, or what the text is called.
        let name: String
        /// Of the first byte, in the file.
        let offset: Int
    }

    private let contents: Contents
    /// What errors call the text.
    let name: String
    private let progress: ReadingProgress?

    private static let blockSize = 1 << 20

    init(_ data: Data, name: String) {
        contents = .memory(data)
        self.name = name
        progress = nil
    }

    init(file: URL) {
        contents = .files([file])
        name = file.path
        progress = nil
    }

    init(_ text: TextFile, progress: ReadingProgress? = nil) {
        contents = .files(text.files)
        name = text.name
        self.progress = progress
    }

    /// A checksum of all bytes.
    func hash() throws -> UInt64 {
        var hash = ContentHash()
        try forEachBlock { bytes, _ in hash.update(bytes) }
        return hash.value
    }

    /// Calls `body` with block after block and the place of its first byte. Where the bytes are UTF-8 no scalar is
    /// cut in two.
    ///
    /// - Throws: ``TextError/unreadable(file:reason:)``, `CancellationError` when the task is cancelled.
    func forEachBlock(_ body: (_ bytes: UnsafeRawBufferPointer, _ place: Place) throws -> Void) throws {
        switch contents {
        case .memory(let data): try data.withUnsafeBytes { try body($0, Place(name: name, offset: 0)) }
        case .files(let files): for file in files { try forEachBlock(of: file, body) }
        }
    }

    /// Tells that so many bytes more were worked on, and sets the number to 0.
    func report(_ bytes: inout Int) {
        progress?.advance(bytes)
        bytes = 0
    }

    private func forEachBlock(
        of file: URL, _ body: (_ bytes: UnsafeRawBufferPointer, _ place: Place) throws -> Void
    ) throws {
        let reader: any ByteReader = try Packing(of: file).map { try PackedReader(file, $0) } ?? PlainReader(file)
        var (offset, carried) = (0, 0)
        try withUnsafeTemporaryAllocation(byteCount: Self.blockSize, alignment: 64) { block in
            while true {
                try Task.checkCancellation()
                let free = UnsafeMutableRawBufferPointer(rebasing: block[carried...])
                let count = try reader.read(into: free)
                let filled = UnsafeRawBufferPointer(rebasing: block[..<(carried + count)])
                if filled.isEmpty { return }
                // At the end there is nothing more to wait for.
                let whole = count == 0 ? filled.count : Self.endOfScalars(filled)
                try body(UnsafeRawBufferPointer(rebasing: filled[..<whole]), Place(name: file.path, offset: offset))
                progress?.advance(whole)
                offset += whole
                carried = filled.count - whole
                block.copyBytes(from: filled[whole...])
            }
        }
    }

    /// Where the last scalar begins, for it may go on in the next block; what is no UTF-8 is taken whole.
    private static func endOfScalars(_ bytes: UnsafeRawBufferPointer) -> Int {
        let last = bytes.suffix(4).lastIndex { $0 & 0xC0 != 0x80 } ?? 0
        return last > 0 ? last : bytes.count
    }

    /// What is said of a file in which two readings find two texts.
    static func hasChanged(_ name: String) -> TextError {
        .unreadable(file: name, reason: "it changed while it was read; start again when it is complete")
    }
}

/// How far the readings of a text are.
final class ReadingProgress {
    private let tell: (Double) -> Void
    private var (done, total) = (0, 1)

    init(_ tell: @escaping (Double) -> Void) { self.tell = tell }

    /// Begins anew, with so many bytes to read.
    func begin(_ bytes: Int) { (done, total) = (0, max(1, bytes)) }

    func advance(_ bytes: Int) {
        done += bytes
        tell(min(1, Double(done) / Double(total)))
    }
}
