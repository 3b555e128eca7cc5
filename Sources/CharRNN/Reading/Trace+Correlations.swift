extension Trace {
    /// How one unit goes along with a signal.
    public struct Correlation: Hashable, Sendable {
        /// The layer, counted from 0.
        public let layer: Int
        /// What of the layer: its output, its memory or a gate.
        public let part: Part
        /// The unit, counted from 0.
        public let unit: Int
        /// Pearson's r, from −1 to 1; 0 where the unit or the signal never changes.
        public let r: Double
    }

    /// Pearson's correlation coefficient of every unit of every part with a signal, the strongest first.
    ///
    /// ```swift
    /// let trace = try model.trace(of: text, parts: [.cell])
    /// for found in trace.correlations(with: .linePosition).prefix(3) { print(found.layer, found.unit, found.r) }
    /// ```
    ///
    /// Over few tokens it tells nothing: over two every unit has r = ±1 with what changes. And the strongest of many units
    /// follows any signal a little; of N that follow nothing it has about √(1 − N^(−2/T)) over T tokens, which of 256 is 0.8
    /// over ten, 0.3 over a hundred and 0.1 over a thousand, and more where units and signal change seldom.
    public func correlations(with signal: TextSignal) -> [Correlation] {
        let values = signal.values(of: tokens, in: vocabulary)
        let shifted = values.map { $0 - values[0] }
        let mean = shifted.reduce(0, +) / Double(max(1, shifted.count))
        let deviations = shifted.map { $0 - mean }
        let spread = deviations.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return activations.flatMap { activations in
            activations.correlations(with: deviations, spread: spread).enumerated().map { unit, r in
                Correlation(layer: activations.layer, part: activations.part, unit: unit, r: r)
            }
        }
        .sorted { abs($0.r) > abs($1.r) }
    }
}

extension Trace.Activations {
    /// r of each unit with a signal that is given by its deviations from its mean: Σ (x − x̄) d / √(Σ (x − x̄)² · Σ d²).
    fileprivate func correlations(with deviations: [Double], spread: Double) -> [Double] {
        // The first value is taken from all, so that of a unit which never changes exactly nothing is left.
        let first = values.prefix(unitCount).map(Double.init)
        let rows = Double(max(1, values.count / unitCount))
        let means = sums { x, unit, _ in x - first[unit] }.map { $0 / rows }
        let squares = sums { x, unit, _ in
            let deviation = x - first[unit] - means[unit]
            return deviation * deviation
        }
        let products = sums { x, unit, row in (x - first[unit]) * deviations[row] }
        return zip(products, squares).map { product, square in
            let scale = square.squareRoot() * spread
            return scale > 0 ? max(-1, min(1, product / scale)) : 0
        }
    }

    /// Of each unit the sum over all rows.
    @inline(__always)
    private func sums(_ term: (_ x: Double, _ unit: Int, _ row: Int) -> Double) -> [Double] {
        var sums = [Double](repeating: 0, count: unitCount)
        values.withUnsafeBufferPointer { values in
            sums.withUnsafeMutableBufferPointer { sums in
                for row in 0..<values.count / unitCount {
                    for unit in 0..<unitCount { sums[unit] += term(Double(values[row * unitCount + unit]), unit, row) }
                }
            }
        }
        return sums
    }
}
