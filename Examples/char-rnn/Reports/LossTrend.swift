import Glibc

/// Where a loss is and where it goes. The loss of a single batch says little, since some batches are harder than others.
package struct LossTrend {
    private var losses: [Double] = []
    /// How many are compared with as many before them.
    private static let window = 100

    package init() {}

    package mutating func add(_ loss: Double) {
        losses.append(loss)
        if losses.count > 2 * Self.window { losses.removeFirst() }
    }

    /// The mean of the last 20.
    package var level: Double {
        let last = losses.suffix(20)
        return last.reduce(0, +) / Double(max(1, last.count))
    }

    /// "falling", "rising", or "level" where the two means differ by less than twice the error that they have; nil before
    /// there is anything to compare.
    package var word: String? {
        let count = losses.count / 2
        guard count >= 5 else { return nil }
        let (before, after) = (moments(losses.suffix(2 * count).prefix(count)), moments(losses.suffix(count)))
        let error = ((before.variance + after.variance) / Double(count)).squareRoot()
        let change = after.mean - before.mean
        return abs(change) <= 2 * error ? "level" : change < 0 ? "falling" : "rising"
    }

    private func moments(_ values: ArraySlice<Double>) -> (mean: Double, variance: Double) {
        let mean = values.reduce(0, +) / Double(values.count)
        return (mean, values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1))
    }
}
