import Testing

/// What central differences say about the gradient of a scalar function: knowledge that shares nothing with the
/// hand-written derivatives under test.
///
/// All components would cost too much, so a sample of them is taken, and beside it one slope along a direction in
/// which every component has its part.
package struct CentralDifferences: Sendable {
    private let sample: [Int]
    private let components: [Double]
    private let direction: [Double]
    private let slope: Double

    package init(of function: ([Double]) -> Double, at point: [Double], sampling limit: Int = 24) {
        // Curvature takes the square of this from a slope and rounding ε over it: both far less than a Float rounds.
        let distance = 1e-5
        func slope(along direction: [Double]) -> Double {
            let above = zip(point, direction).map { $0 + distance * $1 }
            let below = zip(point, direction).map { $0 - distance * $1 }
            return (function(above) - function(below)) / (2 * distance)
        }
        var signs = Numbers(seed: 5)
        direction = signs.floats(point.count).map { $0 < 0 ? -1 : 1 }
        // Evenly spread, with both ends.
        sample = (0..<min(limit, point.count)).map { $0 * (point.count - 1) / max(1, min(limit, point.count) - 1) }
        components = sample.map { component in
            slope(along: point.indices.map { $0 == component ? 1 : 0 })
        }
        self.slope = slope(along: direction)
    }

    /// Expects the components of `gradient` within `roundings` of what the differences say.
    package func expect(
        _ gradient: [Float], roundings: Int, _ what: String, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(gradient.count == direction.count, "\(what): wrong count", sourceLocation: sourceLocation)
        let largest = components.magnitudes.max() ?? 0
        let bound = Double(roundings) * unitRoundoff * max(1, largest)
        expectClose(sample.map { gradient[$0] }, components, within: bound, what, sourceLocation: sourceLocation)

        // Errors of either sign add up like the steps of a random walk.
        let sum = zip(gradient, direction).reduce(0) { $0 + Double($1.0) * $1.1 }
        expectClose(
            [Float(sum)], [slope], within: bound * Double(direction.count).squareRoot(), "slope of \(what)",
            sourceLocation: sourceLocation)
    }
}
