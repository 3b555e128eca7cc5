import CharRNN

/// Test data: arbitrary, and the same at every run.
package struct Numbers {
    private var generator: SplitMix64

    package init(seed: UInt64 = 1) {
        generator = SplitMix64(seed: seed)
    }

    package mutating func floats(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
        (0..<count).map { _ in Float.random(in: range, using: &generator) }
    }

    /// Indices below `bound`. The first two are its ends, where loops that stop too early or too late show.
    package mutating func indices(_ count: Int, below bound: Int) -> [Int32] {
        let ends = [Int32(bound - 1), 0]
        return (0..<count).map { $0 < 2 ? ends[$0] : Int32.random(in: 0..<Int32(bound), using: &generator) }
    }
}

/// What the next operation has to overwrite: if it reads the old elements or leaves one out, NaN remains.
package func unset(_ count: Int) -> [Float] {
    [Float](repeating: .nan, count: count)
}

extension [Float] {
    /// The same numbers, for a reference that computes in double precision.
    package var asDoubles: [Double] { map(Double.init) }
}

extension [Double] {
    package var magnitudes: [Double] { map(\.magnitude) }
}
