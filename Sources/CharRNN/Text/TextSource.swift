import CharRNNFiles
import FoundationEssentials
import Glibc

/// The bytes of a text, in memory or in files.
package struct TextSource {
    private enum Contents {
        case memory(Data)
        /// Files one after the other, unpacked where their names say that they are packed.
        case files([URL])
    }

    private let contents: Contents
    /// What errors call the text.
    let name: String
    private let progress: ReadingProgress?

    /// On how many threads texts are read; tests ask for others.
    @TaskLocal package static var threadCount = Host.coreCount

    /// From how many bytes on a text is read where it lies, and not copied into a cache, which would take longer than to read
    /// it and fill the disk. A smaller one may change during a run. Tests ask for other sizes.
    @TaskLocal package static var sizeInPlace = 1 << 30

    init(_ data: Data, name: String, progress: ReadingProgress? = nil) {
        contents = .memory(data)
        self.name = name
        self.progress = progress
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

    private var blocks: TextBlocks {
        switch contents {
        case .memory(let data): TextBlocks([(name, { MemoryReader(data) })])
        case .files(let files): TextBlocks(files.map { file in (file.path, { try Self.reader(of: file) }) })
        }
    }

    private static func reader(of file: URL) throws -> any ByteReader {
        if let packing = Packing(of: file) { try PackedReader(file, packing) } else { try PlainReader(file) }
    }

    /// A checksum of all bytes.
    func hash() throws -> UInt64 {
        var hash = ContentHash()
        try forEachBlock { hash.update($0) }
        return hash.value
    }

    /// Calls `body` with block after block, as ``TextBlocks`` cuts them.
    ///
    /// - Throws: ``TextError/unreadable(file:reason:)``, `CancellationError` when the task is cancelled.
    func forEachBlock(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        let blocks = blocks
        try withUnsafeTemporaryAllocation(byteCount: TextBlocks.size, alignment: 64) { block in
            while true {
                try Task.checkCancellation()
                guard let (count, _) = try blocks.next(into: block) else { return }
                try body(UnsafeRawBufferPointer(rebasing: block[..<count]))
                progress?.advance(count)
            }
        }
    }

    /// The same on all cores: blocks are read one after the other, worked on side by side, and given on in their order.
    ///
    /// - Parameters:
    ///   - start: what each thread begins with, for itself.
    ///   - isTold: whether these bytes count among those that the progress is told of.
    ///   - read: is called with each block as it is read.
    ///   - work: makes something of a block.
    ///   - give: is called with each block and what was made of it.
    /// - Returns: what each thread has in the end.
    /// - Throws: the first error in the order of the blocks: what the three throw, and what ``forEachBlock(_:)`` does.
    @discardableResult
    func forEachBlock<Own>(
        _ start: Own, isTold: Bool = true, read: (UnsafeRawBufferPointer) -> Void = { _ in },
        work: (UnsafeRawBufferPointer, TextBlocks.Place, inout Own) throws -> Void,
        give: (UnsafeRawBufferPointer, Own) throws -> Void = { _, _ in }
    ) throws -> [Own] {
        let blocks = blocks
        let workers = (0..<Self.threadCount).map { _ in BlockWorker(start) }
        try inOrder(workers) { worker in
            // The task is that of the caller's thread, which takes blocks as any other.
            try Task.checkCancellation()
            guard try worker.fill(from: blocks) else { return false }
            read(worker.bytes)
            return true
        } work: { worker in
            try work(worker.bytes, worker.place, &worker.own)
        } give: { worker in
            try give(worker.bytes, worker.own)
            progress?.advance(isTold ? worker.bytes.count : 0)
        }
        // Others may have taken all the blocks.
        try Task.checkCancellation()
        progress?.advance(0)
        return workers.map(\.own)
    }

    /// Tells that so many bytes more were worked on, and sets the number to 0.
    ///
    /// - Throws: `CancellationError` when the task is cancelled.
    func report(_ bytes: inout Int) throws {
        try Task.checkCancellation()
        progress?.advance(bytes)
        bytes = 0
    }

    /// What is said of a file in which two readings find two texts.
    static func hasChanged(_ name: String) -> TextError {
        .unreadable(file: name, reason: OpenFile.hasChanged.reason)
    }
}

/// A thread's block of a text, and what it makes of it.
private final class BlockWorker<Own> {
    var own: Own
    private(set) var place = TextBlocks.Place(name: "")
    private var count = 0
    private let block = UnsafeMutableRawBufferPointer.allocate(byteCount: TextBlocks.size, alignment: 64)

    init(_ own: Own) { self.own = own }

    deinit { block.deallocate() }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: block[..<count]) }

    /// Whether there is another block.
    func fill(from blocks: TextBlocks) throws -> Bool {
        guard let next = try blocks.next(into: block) else { return false }
        (count, place) = next
        return true
    }
}

/// How far the readings of a text are. Threads may advance it one at a time; what it tells, it tells on the one that made it.
final class ReadingProgress {
    private let tell: (Double) -> Void
    private let thread = pthread_self()
    private var (done, total) = (0, 1)

    init(_ tell: @escaping (Double) -> Void) { self.tell = tell }

    /// Begins anew, with so many bytes to read.
    func begin(_ bytes: Int) { (done, total) = (0, max(1, bytes)) }

    func advance(_ bytes: Int) {
        done += bytes
        if pthread_equal(thread, pthread_self()) != 0 { tell(min(1, Double(done) / Double(total))) }
    }
}
