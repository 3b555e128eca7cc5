extension Distribution {
    /// Rules out all but the first tokens by ascending `key` (of number and logit), equals by number, whose weights reach
    /// `share`: a token stays when those before it are lighter. The sum is compared in single precision, where shares
    /// such as 0.8 of 0.5 + 0.3 meet.
    ///
    /// Nothing is sorted: like quickselect (Hoare 1961) it divides what is undecided at a pivot, and goes on in the part
    /// where the border is.
    @inline(__always)
    mutating func keepFirst(by key: (Int, Float) -> Float, weighing weight: (Int) -> Double, reach share: Float) {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: logits.count) { entries in
            var count = 0
            for (token, logit) in logits.enumerated() where logit.isFinite {
                entries.initializeElement(at: count, to: Self.entry(token, key(token, logit)))
                count += 1
            }
            var (kept, undecided, sum) = (0, count, 0.0)
            while kept < undecided {
                let pivot = Self.divide(entries, kept, undecided)
                var before = sum
                for index in kept..<pivot { before += weight(Self.token(entries[index])) }
                if Float(before) >= share {
                    undecided = pivot
                } else {
                    sum = before + weight(Self.token(entries[pivot]))
                    kept = pivot + 1
                    if Float(sum) >= share { break }
                }
            }
            logits.withUnsafeMutableBufferPointer { logits in
                for index in kept..<count { logits[Self.token(entries[index])] = -.infinity }
            }
        }
    }

    /// Brings the entries of a range below one of them before it, the others behind it, and returns where it is then.
    private static func divide(_ entries: UnsafeMutableBufferPointer<UInt64>, _ start: Int, _ end: Int) -> Int {
        entries.swapAt(start + (end - start) / 2, end - 1)
        let pivot = entries[end - 1]
        var place = start
        for index in start..<end - 1 {
            // Without a branch, since nobody can foresee where it would go.
            let entry = entries[index]
            entries[index] = entries[place]
            entries[place] = entry
            place += entry < pivot ? 1 : 0
        }
        entries.swapAt(place, end - 1)
        return place
    }

    /// The key, as a number that sorts like it, above the token, so that one comparison tells two apart.
    private static func entry(_ token: Int, _ key: Float) -> UInt64 {
        let bits = (key + 0).bitPattern  // −0 and 0 are equals
        let sortable = bits >> 31 == 0 ? bits | 0x8000_0000 : ~bits
        return UInt64(sortable) << 32 | UInt64(UInt32(token))
    }

    private static func token(_ entry: UInt64) -> Int { Int(UInt32(truncatingIfNeeded: entry)) }
}
