import OpenCLCompute

/// Muon (Jordan et al. 2024): momentum whose matrix is replaced by the nearest orthogonal one, so that a step is of equal size
/// in all directions. It moves the weights between units, W above the first layer and U, each gate's block apart; what
/// reads or writes tokens (W of the first layer, the decoder) and the biases follow ``AdamW``.
///
/// For a block, with its gradient g and the sum of gradients m: m ← μm + g; O = orthogonal(g + μm), Nesterov's momentum;
/// x ← (1 − ηλ)x − ηO. A few Newton–Schulz steps make O: its singular values lie between 0.7 and 1.2.
public struct Muon: Codable, Hashable, Sendable {
    /// η; that of ``others`` follows it in proportion where a schedule changes it.
    public var learningRate: Float
    /// μ
    public var momentum: Float
    /// λ, of the matrices that Muon moves.
    public var weightDecay: Float
    /// Newton–Schulz steps, 2 or more; the authors take 5.
    public var steps: Int
    /// For all other parameters.
    public var others: AdamW

    public init(
        learningRate: Float = 0.03, momentum: Float = 0.95, weightDecay: Float = 0.1, steps: Int = 5,
        others: AdamW = .init()
    ) {
        self.learningRate = learningRate
        self.momentum = momentum
        self.weightDecay = weightDecay
        self.steps = steps
        self.others = others
    }

    var isValid: Bool {
        learningRate > 0 && learningRate.isFinite && momentum >= 0 && momentum < 1 && weightDecay >= 0
            && learningRate * weightDecay < 1 && (2...100).contains(steps) && others.isValid
    }

    func step(_ step: OptimizerStep) throws {
        let (layout, backend) = (step.parameters.layout, step.parameters.backend)
        let othersRate = others.learningRate * (step.learningRate / learningRate)
        let rest = layout.entries.filter { !$0.joinsUnits }
        try backend.clip(step.gradient.buffer, by: step.clipping, squares: step.norms[0..<1])
        for matrix in layout.entries where matrix.joinsUnits { try move(matrix, step) }
        try others.decay(step, rest.filter { !$0.isBias }.map(\.range), rate: othersRate)
        for range in joined(rest.map(\.range)) {
            try others.update(step, range, clipping: .none, rate: othersRate, norms: step.scratch[0..<2])
        }
        try backend.clip(step.parameters.buffer, by: .none, squares: step.norms[1..<2])
    }

    /// A step of a matrix with a block of columns for each gate. Its sum of gradients lies among the first moments.
    private func move(_ entry: ParameterLayout.Entry, _ step: OptimizerStep) throws {
        let backend = step.parameters.backend
        let gradient = step.gradient.buffer[entry.range]
        let sum = step.moments[0].buffer[entry.range]
        let direction = step.scratch[0..<entry.range.count]
        try backend.combine(gradient, times: 1, into: sum, times: momentum)
        try backend.copy(gradient, to: direction)
        try backend.combine(sum, times: momentum, into: direction, times: 1)
        let newtonSchulz = NewtonSchulz(
            size: entry.rows, scratch: step.scratch[entry.range.count..<step.scratch.count],
            on: backend)
        let matrix = Matrix(direction, rows: entry.rows, columns: entry.columns)
        for start in stride(from: 0, to: entry.columns, by: entry.rows) {
            try newtonSchulz.orthogonalize(matrix.columns(start..<start + entry.rows), steps: steps)
        }
        try backend.combine(
            direction, times: -step.learningRate, into: step.parameters.buffer[entry.range],
            times: 1 - step.learningRate * weightDecay)
    }

    /// The directions of a matrix, then what orthogonalizing its blocks takes.
    static func scratchCount(_ layout: ParameterLayout) -> Int {
        layout.cell.gateCount * layout.hiddenSize * layout.hiddenSize + NewtonSchulz.scratchCount(layout.hiddenSize)
    }

    /// To be called once, before the first step.
    static func prepare(_ scratch: Buffer<Float>, _ layout: ParameterLayout, on backend: any Backend) throws {
        let directions = scratch.count - NewtonSchulz.scratchCount(layout.hiddenSize)
        try NewtonSchulz.prepare(scratch[directions..<scratch.count], size: layout.hiddenSize, on: backend)
    }
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

/// The quintic Newton–Schulz iteration of Muon's authors on square matrices of one size: with X of the Frobenius norm 1,
/// A = XXᵀ and X ← (aI + bA + cA²)X, which draws all singular values towards 1.
private struct NewtonSchulz {
    private static let (a, b, c): (Float, Float, Float) = (3.4445, -4.7750, 2.0315)

    private let backend: any Backend
    /// X of one step, and of the next.
    private let iterates: [Matrix]
    private let gram: Matrix
    private let polynomial: Matrix
    /// aI
    private let identity: Buffer<Float>

    /// With scratch memory that was prepared.
    init(size: Int, scratch: Buffer<Float>, on backend: any Backend) {
        let count = size * size
        let matrices = (0..<4).map { Matrix(scratch[$0 * count..<($0 + 1) * count], rows: size, columns: size) }
        self.backend = backend
        iterates = Array(matrices[0..<2])
        (gram, polynomial) = (matrices[2], matrices[3])
        identity = scratch[4 * count..<5 * count]
    }

    static func scratchCount(_ size: Int) -> Int { 5 * size * size }

    static func prepare(_ scratch: Buffer<Float>, size: Int, on backend: any Backend) throws {
        var identity = [Float](repeating: 0, count: size * size)
        for i in 0..<size { identity[i * (size + 1)] = a }
        try backend.write(identity, to: scratch[4 * size * size..<5 * size * size])
    }

    /// - Parameter block: some columns of a matrix.
    func orthogonalize(_ block: Matrix, steps: Int) throws {
        try backend.normalize(block)
        var x = block
        for step in 1...steps {
            let next = step == steps ? block : iterates[step % 2]
            try backend.multiply(x, x.transposed, into: gram)
            // The Gram matrix is its own transpose, which is the faster right factor on processors.
            try backend.multiply(gram, gram.transposed, into: polynomial)
            try backend.combine(gram.elements, times: Self.b, into: polynomial.elements, times: Self.c)
            try backend.combine(identity, times: 1, into: polynomial.elements, times: 1)
            try backend.multiply(polynomial, x, into: next)
            x = next
        }
    }
}
