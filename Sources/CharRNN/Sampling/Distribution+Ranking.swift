extension Distribution {
    /// Rules out all but the first tokens by ascending `key`, equals by number, whose probabilities
    /// (`weights` / `sum`) reach `share`. In single precision, where shares such as 0.8 of 0.5 + 0.3 meet.
    @inline(__always)
    mutating func keepFirst(
        by key: (Int, Float) -> Float, whose weights: UnsafeMutableBufferPointer<Double>, of sum: Double,
        reach share: Float
    ) {
        var reached: Float = 0
        keepFirst(by: key) { token in
            defer { reached += Float(weights[token] / sum) }
            return reached < share
        }
    }

    /// Rules out all but the first tokens by ascending `key` (of number and logit), equals by number, as long as one is
    /// wanted. Only as many are sorted as are kept.
    @inline(__always)
    mutating func keepFirst(by key: (Int, Float) -> Float, while isWanted: (Int) -> Bool) {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: logits.count) { entries in
            var heap = TokenHeap(storage: entries)
            for token in logits.indices where logits[token].isFinite {
                heap.append(token, key: key(token, logits[token]))
            }
            heap.order()
            while let token = heap.first, isWanted(token) { heap.removeFirst() }
            for token in heap.rest { logits[token] = -.infinity }
        }
    }
}

/// Tokens, of which the one with the smallest key is at hand: a binary heap in memory that it is lent.
///
/// An entry is the key, as a number that sorts like it, above the token, so that one comparison tells two apart.
private struct TokenHeap {
    private let entries: UnsafeMutableBufferPointer<UInt64>
    private var count = 0

    init(storage: UnsafeMutableBufferPointer<UInt64>) { entries = storage }

    var first: Int? { count > 0 ? Self.token(entries[0]) : nil }

    /// Those that were not removed, in no order.
    var rest: some Sequence<Int> { entries[..<count].lazy.map(Self.token) }

    /// To be followed by ``order()``.
    mutating func append(_ token: Int, key: Float) {
        let bits = (key + 0).bitPattern  // −0 and 0 are equals
        let sortable = bits >> 31 == 0 ? bits | 0x8000_0000 : ~bits
        entries.initializeElement(at: count, to: UInt64(sortable) << 32 | UInt64(UInt32(token)))
        count += 1
    }

    mutating func order() {
        for parent in stride(from: count / 2 - 1, through: 0, by: -1) { sink(parent) }
    }

    mutating func removeFirst() {
        count -= 1
        entries[0] = entries[count]
        sink(0)
    }

    private func sink(_ start: Int) {
        guard start < count else { return }
        let entry = entries[start]
        var place = start
        while true {
            var child = 2 * place + 1
            if child >= count { break }
            if child + 1 < count && entries[child + 1] < entries[child] { child += 1 }
            if entry <= entries[child] { break }
            entries[place] = entries[child]
            place = child
        }
        entries[place] = entry
    }

    private static func token(_ entry: UInt64) -> Int { Int(UInt32(truncatingIfNeeded: entry)) }
}
