import FoundationEssentials

/// The numbers of a text's tokens, in as few bytes each as the vocabulary needs.
package struct TokenSequence: Sendable {
    /// Little-endian numbers, without gaps. May be a file mapped into memory.
    let bytes: Data
    /// 1, 2 or 4 bytes a token.
    let width: Int
    package var count: Int { bytes.count / width }

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

    /// With number `numbers[n]` in the place of n.
    func renumbered(_ numbers: [Int], vocabularySize: Int) -> TokenSequence {
        var result = TokenSequenceBuilder(vocabularySize: vocabularySize, capacity: count)
        let part = 1 << 16
        var buffer = [Int32](repeating: 0, count: min(part, count))
        for start in stride(from: 0, to: count, by: part) {
            let range = start..<min(start + part, count)
            buffer.withUnsafeMutableBufferPointer { read(range, into: $0) }
            for token in buffer[..<range.count] { result.append(numbers[Int(token)]) }
        }
        return result.finish()
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
