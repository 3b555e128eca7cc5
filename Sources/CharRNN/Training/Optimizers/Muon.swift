import OpenCLCompute

/// Muon (Jordan et al. 2024): momentum whose matrix is replaced by the nearest orthogonal one, so that a step is of equal size
/// in all directions. It moves the weights between units (U, and W above the first layer or an embedding), each gate's
/// block apart; what reads or writes tokens (the embedding, or W of one-hot tokens, and the decoder) and the biases follow
/// ``AdamW``.
///
/// For a block of n inputs and H outputs, with its gradient g and the sum of gradients m: m ← μm + g;
/// O = orthogonal(g + μm), Nesterov's momentum; x ← (1 − ηλ)x − η·√max(1, H/n)·O. Newton–Schulz steps make O: its singular
/// values lie between 0.7 and 1.3.
public struct Muon: Codable, Hashable, Sendable {
    /// η; that of ``others`` follows it in proportion where a schedule changes it.
    public var learningRate: Float
    /// μ
    public var momentum: Float
    /// λ, of the matrices that Muon moves.
    public var weightDecay: Float
    /// For all other parameters.
    public var others: AdamW

    public init(
        learningRate: Float = 0.03, momentum: Float = 0.95, weightDecay: Float = 0.1, others: AdamW = .init()
    ) {
        self.learningRate = learningRate
        self.momentum = momentum
        self.weightDecay = weightDecay
        self.others = others
    }

    var isValid: Bool {
        learningRate > 0 && learningRate.isFinite && momentum >= 0 && momentum < 1 && weightDecay >= 0
            && learningRate * weightDecay < 1 && others.isValid
    }

    /// Each with the least greatest error of what the one before it leaves of singular values between 0.01 and 1, after
    /// Amsel et al. 2025 (The Polar Express). The authors of Muon take five steps of one polynomial to the same end, from
    /// singular values that are smaller, as they have the Frobenius norm for a bound.
    private static let polynomials = [
        OddPolynomial(8.0934, -23.6204, 17.4462), OddPolynomial(3.6366, -2.7219, 0.5365),
        OddPolynomial(2.6613, -1.9772, 0.4526),
    ]

    func step(_ step: OptimizerStep) throws {
        let (layout, backend) = (step.parameters.layout, step.parameters.backend)
        let othersRate = others.learningRate * (step.learningRate / learningRate)
        let (moved, rest) = (layout.entries.filter(\.joinsUnits), layout.entries.filter { !$0.joinsUnits })
        try backend.clip(step.gradient.buffer, by: step.clipping, squares: step.norms[0..<1])
        try backend.orthogonalize(try moved.flatMap { try momentum(of: $0, step) }, by: Self.polynomials)
        for entry in moved {
            let scale = (Float(layout.hiddenSize) / Float(entry.rows)).squareRoot()
            try backend.combine(
                step.gradient.buffer[entry.range], times: -step.learningRate * max(1, scale),
                into: step.parameters.buffer[entry.range], times: 1 - step.learningRate * weightDecay)
        }
        try others.decay(step, rest.filter { !$0.isBias }.map(\.range), rate: othersRate)
        for range in joined(rest.map(\.range)) {
            try others.update(step, range, clipping: .none, rate: othersRate, norms: step.scratch[0..<2])
        }
        try backend.clip(step.parameters.buffer, by: .none, squares: step.norms[1..<2])
    }

    /// Puts the gradient of a matrix with momentum where the gradient is, and returns its blocks of columns, one for each
    /// gate. The sum of gradients lies among the first moments.
    private func momentum(of entry: ParameterLayout.Entry, _ step: OptimizerStep) throws -> [Matrix] {
        let backend = step.parameters.backend
        let (gradient, sum) = (step.gradient.buffer[entry.range], step.moments[0].buffer[entry.range])
        try backend.combine(gradient, times: 1, into: sum, times: momentum)
        try backend.combine(sum, times: momentum, into: gradient, times: 1)
        let matrix = Matrix(gradient, rows: entry.rows, columns: entry.columns)
        let width = step.parameters.layout.hiddenSize
        return stride(from: 0, to: entry.columns, by: width).map { matrix.columns($0..<$0 + width) }
    }

    /// The measurements of the others' steps, which nobody reads.
    static let scratchCount = 2
}

/// Ranges in ascending order, with those in one that follow one another.
private func joined(_ ranges: [Range<Int>]) -> [Range<Int>] {
    ranges.reduce(into: []) { joined, range in
        if let last = joined.last, last.upperBound == range.lowerBound {
            joined[joined.count - 1] = last.lowerBound..<range.upperBound
        } else {
            joined.append(range)
        }
    }
}

extension ParameterLayout.Entry {
    /// Whether it multiplies units to give units.
    fileprivate var joinsUnits: Bool { rowAxis == .units && columnAxis == .units }
}
