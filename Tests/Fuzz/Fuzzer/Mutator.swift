import CharRNN

/// libFuzzer's own change of some bytes, in place; returns how many they are then.
@_silgen_name("LLVMFuzzerMutate")
private func mutateAnything(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ limit: Int) -> Int

/// Changes an input so that it gets past the first checks: random bytes alone rarely leave the length of a header right.
struct Mutator {
    let bytes: UnsafeMutablePointer<UInt8>
    let count: Int
    let limit: Int
    let seed: UInt64

    /// Any change of any bytes.
    func any() -> Int { mutateAnything(bytes, count, limit) }

    /// A change of the header or of the numbers behind it, with a length that is right.
    func safeTensors() -> Int {
        var generator = SplitMix64(seed: seed)
        let input = Array(UnsafeBufferPointer(start: bytes, count: count))
        let length = input.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let choice = Int.random(in: 0..<8, using: &generator)
        guard choice > 0, count > 8, length <= count - 8 else { return any() }
        var header = Array(input[8..<8 + Int(length)])
        var numbers = Array(input[(8 + Int(length))...])
        switch choice {
        case 1: numbers = mutated(numbers)
        case 2: numbers.removeLast(min(numbers.count, 4 * Int.random(in: 1...4, using: &generator)))
        case 3: numbers += [UInt8](repeating: 0, count: 4 * Int.random(in: 1...4, using: &generator))
        case 4, 5: replaceNumber(in: &header, using: &generator)
        default: header = mutated(header)
        }
        let result = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) } + header + numbers
        guard result.count <= limit else { return any() }
        for (i, byte) in result.enumerated() { bytes[i] = byte }
        return result.count
    }

    private func mutated(_ part: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: part.count + 64) { buffer, count in
            _ = buffer.initialize(fromContentsOf: part + [UInt8](repeating: 0, count: 64))
            count = mutateAnything(buffer.baseAddress!, part.count, part.count + 64)
        }
    }

    /// Puts another number in the place of one of the header's.
    private func replaceNumber(in header: inout [UInt8], using generator: inout SplitMix64) {
        let isDigit = header.map { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        let starts = header.indices.filter { isDigit[$0] && ($0 == 0 || !isDigit[$0 - 1]) }
        guard let start = starts.randomElement(using: &generator) else { return }
        let end = header[start...].indices.first { !isDigit[$0] } ?? header.endIndex
        let others = [
            "0", "1", "2", "3", "4", "8", "12", "16", "-1", "1.5", "1e9", "00", "65536", "4294967296",
            "2305843009213693952", "9223372036854775807", "9223372036854775808", "18446744073709551616", "nan",
        ]
        header.replaceSubrange(start..<end, with: others.randomElement(using: &generator)!.utf8)
    }
}
