import CharRNNFiles
import FoundationEssentials

/// The numbers of a text's tokens, in as few bytes each as the vocabulary needs.
package struct TokenSequence: Sendable {
    /// Little-endian numbers, without gaps.
    let bytes: StoredBytes
    /// 1, 2 or 4 bytes a token.
    let width: Int
    /// What each number in the bytes stands for, negative where it must not be there; nil where it is the token's own.
    private let numbers: [Int32]?
    package var count: Int { bytes.count / width }

    init(bytes: StoredBytes, width: Int) { self.init(bytes, width, numbers: nil) }

    private init(_ bytes: StoredBytes, _ width: Int, numbers: [Int32]?) {
        self.bytes = bytes
        self.width = width
        self.numbers = numbers
    }

    /// A large text as it lies in its file, where each of its tokens is one byte: there is no need to copy it. Nil for any
    /// other.
    ///
    /// While it is read the file must stay as it is.
    init?(inPlace text: TextFile, _ vocabulary: Vocabulary) {
        guard text.files.count == 1, Packing(of: text.files[0]) == nil, text.byteCount >= TextSource.sizeInPlace,
            (0..<vocabulary.count).allSatisfy({ vocabulary.bytes(of: $0).count == 1 }),
            let file = try? OpenFile(text.files[0], status: text.statuses[0])
        else { return nil }
        var numbers = [Int32](repeating: -1, count: 256)
        for token in 0..<vocabulary.count { numbers[Int(vocabulary.bytes(of: token)[0])] = Int32(token) }
        self.init(StoredBytes(file), 1, numbers: numbers)
    }

    static func width(vocabularySize: Int) -> Int {
        vocabularySize <= 1 << 8 ? 1 : vocabularySize <= 1 << 16 ? 2 : 4
    }

    /// Some tokens in a row.
    ///
    /// - Throws: ``TextError/unreadable(file:reason:)``, also where the file that they lie in has changed.
    package func read(_ range: Range<Int>, into result: UnsafeMutableBufferPointer<Int32>) throws {
        precondition(range.upperBound <= count && result.count >= range.count, "tokens \(range) of \(count)")
        try bytes.read(range.lowerBound * width..<range.upperBound * width) { raw in
            switch width {
            case 1: Self.convert(UInt8.self, raw, into: result)
            case 2: Self.convert(UInt16.self, raw, into: result)
            default: Self.convert(UInt32.self, raw, into: result)
            }
        }
        guard let numbers else { return }
        // Negative as soon as one of the numbers is.
        var all: Int32 = 0
        for i in 0..<range.count {
            result[i] = numbers[Int(result[i])]
            all |= result[i]
        }
        if all < 0 { throw TextSource.hasChanged(bytes.name) }
    }

    private static func convert<Number: FixedWidthInteger & BitwiseCopyable>(
        _ type: Number.Type, _ raw: UnsafeRawBufferPointer, into result: UnsafeMutableBufferPointer<Int32>
    ) {
        let size = MemoryLayout<Number>.size
        for i in 0..<raw.count / size {
            let number = raw.loadUnaligned(fromByteOffset: i * size, as: Number.self)
            result[i] = Int32(truncatingIfNeeded: Number(littleEndian: number))
        }
    }

    /// With `numbers[n]` in the place of n. The bytes are shared, for they may be larger than the memory.
    func renumbered(_ numbers: [Int]) -> TokenSequence {
        let new = self.numbers.map { $0.map { $0 < 0 ? $0 : Int32(numbers[Int($0)]) } } ?? numbers.map { Int32($0) }
        return TokenSequence(bytes, width, numbers: new)
    }

    /// How often each of so many tokens occurs.
    ///
    /// - Throws: ``TextError/unreadable(file:reason:)``, `CancellationError` when the task is cancelled.
    func counts(vocabularySize: Int) throws -> [Int] {
        let workers = (0..<TextSource.threadCount).map { _ in CountingWorker(vocabularySize) }
        var next = 0
        try inOrder(workers) { worker in
            try Task.checkCancellation()
            worker.part = next..<min(next + CountingWorker.length, count)
            next = worker.part.upperBound
            return !worker.part.isEmpty
        } work: { worker in
            try read(worker.part, into: worker.block)
            for token in worker.block[..<worker.part.count] { worker.counts[Int(token)] += 1 }
        } give: { _ in
        }
        // Others may have taken all the parts.
        try Task.checkCancellation()
        return workers.reduce(into: [Int](repeating: 0, count: vocabularySize)) { total, worker in
            for (token, count) in worker.counts.enumerated() { total[token] += count }
        }
    }

    /// Whether every number in some of the bytes is less than `bound`.
    func isBelow(_ bound: Int, in raw: UnsafeRawBufferPointer) -> Bool {
        guard !raw.isEmpty else { return true }
        return switch width {
        case 1: largest(UInt8.self, in: raw) < bound
        case 2: largest(UInt16.self, in: raw) < bound
        default: largest(UInt32.self, in: raw) < bound
        }
    }

    private func largest<Number: FixedWidthInteger & BitwiseCopyable>(
        _ type: Number.Type, in raw: UnsafeRawBufferPointer
    ) -> Number {
        let size = MemoryLayout<Number>.size
        var largest: Number = 0
        for i in 0..<raw.count / size {
            largest = max(largest, Number(littleEndian: raw.loadUnaligned(fromByteOffset: i * size, as: Number.self)))
        }
        return largest
    }
}

/// A thread's share of a text whose tokens are counted.
private final class CountingWorker {
    static let length = 1 << 16
    var part = 0..<0
    var counts: [Int]
    let block = UnsafeMutableBufferPointer<Int32>.allocate(capacity: length)

    init(_ vocabularySize: Int) { counts = Array(repeating: 0, count: vocabularySize) }

    deinit { block.deallocate() }
}

/// Builds the numbers one by one.
struct TokenSequenceBuilder {
    private let width: Int
    private var bytes: Data

    init(vocabularySize: Int, capacity: Int) {
        width = TokenSequence.width(vocabularySize: vocabularySize)
        bytes = Data(capacity: capacity * width)
    }

    mutating func append(_ token: Int) {
        switch width {
        case 1: bytes.append(UInt8(token))
        case 2: withUnsafeBytes(of: UInt16(token).littleEndian) { bytes.append(contentsOf: $0) }
        default: withUnsafeBytes(of: UInt32(token).littleEndian) { bytes.append(contentsOf: $0) }
        }
    }

    func finish() -> TokenSequence { TokenSequence(bytes: .memory(bytes), width: width) }
}
