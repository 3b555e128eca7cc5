import CharRNNFiles
import FoundationEssentials

/// Bytes in memory, or some of those in a file.
enum StoredBytes: Sendable {
    case memory(Data)
    case file(OpenFile, Range<Int>)

    /// All of a file.
    init(_ file: OpenFile) { self = .file(file, 0..<file.status.size) }

    var count: Int {
        switch self {
        case .memory(let data): data.count
        case .file(_, let range): range.count
        }
    }

    /// What errors call them.
    var name: String {
        switch self {
        case .memory: "the text"
        case .file(let file, _): file.url.path
        }
    }

    func dropFirst(_ count: Int) -> StoredBytes {
        switch self {
        case .memory(let data): .memory(data.dropFirst(count))
        case .file(let file, let range): .file(file, range.dropFirst(count))
        }
    }

    /// Calls `body` with some of the bytes.
    ///
    /// - Throws: ``TextError/unreadable(file:reason:)``, and what `body` throws.
    func read<Result>(_ range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
        switch self {
        case .memory(let data):
            try data.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[range])) }
        case .file(let file, let all):
            try withUnsafeTemporaryAllocation(byteCount: range.count, alignment: 16) { buffer in
                do throws(PlainFile.Refusal) {
                    try file.read(at: all.lowerBound + range.lowerBound, into: buffer)
                } catch { throw TextError.unreadable(file: file.url.path, reason: error.reason) }
                return try body(UnsafeRawBufferPointer(buffer))
            }
        }
    }

    /// Calls `body` with all of them, a block at a time; but for the last, blocks are of the size of those of ``TextBlocks``.
    ///
    /// - Throws: ``TextError/unreadable(file:reason:)``, `CancellationError` when the task is cancelled, and what `body`
    ///   throws.
    func forEachBlock(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        for start in stride(from: 0, to: count, by: TextBlocks.size) {
            try Task.checkCancellation()
            try read(start..<min(start + TextBlocks.size, count), body)
        }
    }
}
