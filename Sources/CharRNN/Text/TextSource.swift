import CharRNNFiles
import FoundationEssentials
import Glibc

/// The bytes of a text, which are read a block at a time: a text need not fit in memory, and one that another program
/// cuts short in the meantime ends early, where a mapped file would end the program.
enum TextSource {
    case memory(Data)
    /// A plain file.
    case file(URL)

    private static let blockSize = 1 << 20

    /// A checksum of all bytes.
    func hash() throws -> UInt64 {
        var hash = ContentHash()
        try forEachBlock { bytes, _ in hash.update(bytes) }
        return hash.value
    }

    /// Calls `body` with block after block and the offset of its first byte. Where the bytes are UTF-8 no scalar is
    /// cut in two.
    ///
    /// - Throws: ``TextError/unreadable(file:reason:)``.
    func forEachBlock(_ body: (_ bytes: UnsafeRawBufferPointer, _ offset: Int) throws -> Void) throws {
        switch self {
        case .memory(let data): try data.withUnsafeBytes { try body($0, 0) }
        case .file(let file):
            let descriptor = open(file.path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw Self.unreadable(file) }
            defer { close(descriptor) }
            var (offset, carried) = (0, 0)
            try withUnsafeTemporaryAllocation(byteCount: Self.blockSize, alignment: 64) { block in
                while true {
                    let free = UnsafeMutableRawBufferPointer(rebasing: block[carried...])
                    let count = read(descriptor, free.baseAddress, free.count)
                    if count < 0 && errno == EINTR { continue }
                    guard count >= 0 else { throw Self.unreadable(file) }
                    let filled = UnsafeRawBufferPointer(rebasing: block[..<(carried + count)])
                    if filled.isEmpty { return }
                    // At the end there is nothing more to wait for.
                    let whole = count == 0 ? filled.count : Self.endOfScalars(filled)
                    try body(UnsafeRawBufferPointer(rebasing: filled[..<whole]), offset)
                    offset += whole
                    carried = filled.count - whole
                    block.copyBytes(from: filled[whole...])
                }
            }
        }
    }

    /// Where the last scalar begins, for it may go on in the next block; what is no UTF-8 is taken whole.
    private static func endOfScalars(_ bytes: UnsafeRawBufferPointer) -> Int {
        let last = bytes.suffix(4).lastIndex { $0 & 0xC0 != 0x80 } ?? 0
        return last > 0 ? last : bytes.count
    }

    /// What is said when two readings find two texts.
    var hasChanged: TextError {
        let name = if case .file(let file) = self { file.path } else { "the text" }
        return .unreadable(file: name, reason: "it changed while it was read; start again when it is complete")
    }

    private static func unreadable(_ file: URL) -> TextError {
        .unreadable(file: file.path, reason: String(cString: strerror(errno)))
    }
}
