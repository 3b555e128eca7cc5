import CharRNNFiles
import FoundationEssentials

/// The numbers of a text's tokens, in as few bytes each as the vocabulary needs.
package struct TokenSequence: Sendable {
    /// Little-endian numbers, without gaps. May be a file mapped into memory.
    let bytes: Data
    /// 1, 2 or 4 bytes a token.
    let width: Int
    /// What each number in the bytes stands for; nil where it is the token's own.
    private let numbers: [Int32]?
    package var count: Int { bytes.count / width }

    init(bytes: Data, width: Int) { self.init(bytes, width, numbers: nil) }

    private init(_ bytes: Data, _ width: Int, numbers: [Int32]?) {
        self.bytes = bytes
        self.width = width
        self.numbers = numbers
    }

    static func width(vocabularySize: Int) -> Int {
        vocabularySize <= 1 << 8 ? 1 : vocabularySize <= 1 << 16 ? 2 : 4
    }

    /// Some tokens in a row.
    package func read(_ range: Range<Int>, into result: UnsafeMutableBufferPointer<Int32>) {
        precondition(range.upperBound <= count && result.count >= range.count, "tokens \(range) of \(count)")
        bytes.withUnsafeBytes { raw in
            for (i, position) in range.enumerated() {
                result[i] =
                    switch width {
                    case 1: Int32(raw[position])
                    case 2:
                        Int32(UInt16(littleEndian: raw.loadUnaligned(fromByteOffset: 2 * position, as: UInt16.self)))
                    default: Int32(littleEndian: raw.loadUnaligned(fromByteOffset: 4 * position, as: Int32.self))
                    }
            }
        }
        if let numbers { for i in 0..<range.count { result[i] = numbers[Int(result[i])] } }
    }

    /// With `numbers[n]` in the place of n. The bytes are shared, for they may be larger than the memory.
    func renumbered(_ numbers: [Int]) -> TokenSequence {
        let new = self.numbers.map { $0.map { Int32(numbers[Int($0)]) } } ?? numbers.map { Int32($0) }
        return TokenSequence(bytes, width, numbers: new)
    }

    /// How often each of so many tokens occurs.
    func counts(vocabularySize: Int) throws -> [Int] {
        let share = max(1 << 20, (count + Host.coreCount - 1) / Host.coreCount)
        let parts = try concurrently(on: stride(from: 0, to: count, by: share).map { $0..<min($0 + share, count) }) {
            switch width {
            case 1: counts(of: UInt8.self, in: $0, numbers?.count ?? vocabularySize)
            case 2: counts(of: UInt16.self, in: $0, numbers?.count ?? vocabularySize)
            default: counts(of: UInt32.self, in: $0, numbers?.count ?? vocabularySize)
            }
        }
        var total = [Int](repeating: 0, count: vocabularySize)
        for part in parts {
            for (number, count) in part.enumerated() { total[numbers.map { Int($0[number]) } ?? number] += count }
        }
        return total
    }

    /// Of the numbers in the bytes.
    private func counts<Number: FixedWidthInteger & BitwiseCopyable>(
        of type: Number.Type, in range: Range<Int>, _ size: Int
    ) -> [Int] {
        var counts = [Int](repeating: 0, count: size)
        bytes.withUnsafeBytes { raw in
            for position in range {
                let number = raw.loadUnaligned(fromByteOffset: position * width, as: Number.self)
                counts[Int(Number(littleEndian: number))] += 1
            }
        }
        return counts
    }

    /// Whether every number is less than `bound`.
    func isBelow(_ bound: Int) -> Bool {
        bytes.withUnsafeBytes { raw in
            switch width {
            case 1: return raw.isEmpty || largest(UInt8.self, in: raw) < bound
            case 2: return raw.isEmpty || largest(UInt16.self, in: raw) < bound
            default: return raw.isEmpty || largest(UInt32.self, in: raw) < bound
            }
        }
    }

    private func largest<Number: FixedWidthInteger & BitwiseCopyable>(
        _ type: Number.Type, in raw: UnsafeRawBufferPointer
    ) -> Number {
        var largest: Number = 0
        for position in stride(from: 0, to: raw.count, by: width) {
            let number = Number(littleEndian: raw.loadUnaligned(fromByteOffset: position, as: Number.self))
            largest = max(largest, number)
        }
        return largest
    }
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

    func finish() -> TokenSequence { TokenSequence(bytes: bytes, width: width) }
}
