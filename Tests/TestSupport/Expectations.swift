import Testing

/// Half the distance from 1 to the next Float: a rounding changes a number by no more than this share of it.
package let unitRoundoff = 0x1p-24

/// Devices may take numbers below this for zero.
private let smallestNormal = Double(Float.leastNormalMagnitude)

/// Expects every number within `bound` of the expected one, and reports the worst.
package func expectClose(
    _ actual: [Float], _ expected: [Double], within bound: Double, _ what: String = "result",
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let bounds = [Double](repeating: bound, count: expected.count)
    expectClose(actual, expected, within: bounds, what, sourceLocation: sourceLocation)
}

/// Expects every number within its own bound of the expected one, and reports the worst.
package func expectClose(
    _ actual: [Float], _ expected: [Double], within bounds: [Double], _ what: String = "result",
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(actual.count == expected.count, "\(what): wrong count", sourceLocation: sourceLocation)
    let deviations = zip(zip(actual, expected), bounds).enumerated().map { index, pair in
        Deviation(index: index, actual: Double(pair.0.0), expected: pair.0.1, bound: pair.1 + smallestNormal)
    }
    guard let worst = deviations.max(by: { $0.excess < $1.excess }) else { return }
    #expect(worst.error <= worst.bound, "\(what): \(worst)", sourceLocation: sourceLocation)
}

/// Expects the same bits, and reports the first that differ.
package func expectSame(
    _ actual: [Float], _ expected: [Float], _ what: String = "result",
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(actual.count == expected.count, "\(what): wrong count", sourceLocation: sourceLocation)
    let different = zip(actual, expected).enumerated().filter { $1.0.bitPattern != $1.1.bitPattern }
    let first = different.first.map { "\($0.element.0) for \($0.element.1) at \($0.offset)" }
    #expect(first == nil, "\(what): \(different.count) of \(actual.count) differ", sourceLocation: sourceLocation)
}

/// How far one number is from the expected one.
private struct Deviation: CustomStringConvertible {
    let index: Int
    let actual: Double
    let expected: Double
    let bound: Double

    var error: Double { actual == expected ? 0 : abs(actual - expected) }
    /// The error as a multiple of what is allowed; NaN is the worst.
    var excess: Double { error.isNaN ? .infinity : error / bound }
    var description: String { "\(actual) for \(expected) at \(index) is off by \(error), allowed \(bound)" }
}
