/// The memory of one recurrent layer run over T steps of B streams; every matrix is time-major. A class, since whoever passes
/// it on means the same memory.
public final class RecurrentSequence: Sendable {
    /// What the layer computes at each step.
    public let cell: RecurrentCell
    /// T, the number of time steps.
    public let steps: Int
    /// B, the number of streams.
    public let batchSize: Int
    /// H, the units of the layer.
    public let hiddenSize: Int

    /// T·B × G·H. Before the forward pass the input products, in ``inputs``; after it the gates' activations, after the
    /// backward pass the gradient of the gates' arguments.
    public let gates: Matrix
    /// (T+1)·B × H. The first B rows are the state before the sequence, the others the layer's outputs.
    public let hidden: Matrix
    /// The cell states c, (T+1)·B × H, the first B rows from before the sequence; empty for a cell without.
    public let memory: Matrix
    /// What the second product of a step multiplies, r∘h′ in a GRU: T·B × H, or a multiple of H, which the gradient of its
    /// weights needs; empty for a cell with one product.
    public let intermediate: Matrix
    /// The gradient of c, which the backward pass carries from step to step: B × H, or empty.
    public let memoryGradient: Matrix
    /// The gradient of ``intermediate`` at one step: B rows, or empty.
    public let intermediateGradient: Matrix
    /// Whether there is room for a backward pass.
    package let isForTraining: Bool
    /// Room in which a backend rearranges the weights anew in each pass; as many elements as it asked for.
    package let scratch: Buffer<Float>

    /// The columns of the gates that see the layer's input, T·B rows.
    public var inputs: Matrix {
        gates.columns(cell.inputGates.lowerBound * hiddenSize..<cell.inputGates.upperBound * hiddenSize)
    }
    /// The outputs h₁ … h_T, T·B × H.
    public var outputs: Matrix { hidden.rows(batchSize..<(steps + 1) * batchSize) }
    /// The states before each step h₀ … h_{T−1}, T·B × H.
    public var previous: Matrix { hidden.rows(0..<steps * batchSize) }

    /// Allocates the memory on `backend`, the state before the sequence being zero.
    ///
    /// - Parameters:
    ///   - cell: of the layer.
    ///   - steps: T
    ///   - batchSize: B
    ///   - hiddenSize: H
    ///   - forTraining: whether there will be a backward pass, which needs more memory.
    ///   - backend: where the memory lies.
    /// - Throws: ``DeviceError`` when the device has not enough memory.
    public convenience init(
        _ cell: RecurrentCell, steps: Int, batchSize: Int, hiddenSize: Int, forTraining: Bool = true,
        on backend: any Backend
    ) throws {
        try self.init(
            cell, steps: steps, batchSize: batchSize, hiddenSize: hiddenSize, forTraining: forTraining, sharing: nil,
            on: backend)
    }

    /// The same; `scratch` is that of another sequence of these sizes, which never runs at the same time, or nil.
    package init(
        _ cell: RecurrentCell, steps: Int, batchSize: Int, hiddenSize: Int, forTraining: Bool,
        sharing scratch: Buffer<Float>?, on backend: any Backend
    ) throws {
        precondition(
            steps > 0 && batchSize > 0 && hiddenSize > 0,
            "a sequence of \(steps) steps, \(batchSize) streams and \(hiddenSize) units")
        self.cell = cell
        self.steps = steps
        self.batchSize = batchSize
        self.hiddenSize = hiddenSize
        isForTraining = forTraining
        gates = try backend.makeMatrix(rows: steps * batchSize, columns: cell.gateCount * hiddenSize)
        hidden = try backend.makeMatrix(rows: (steps + 1) * batchSize, columns: hiddenSize)
        memory = try backend.makeMatrix(rows: cell.carriesMemory ? (steps + 1) * batchSize : 0, columns: hiddenSize)
        let made = cell.intermediateCount
        intermediate = try backend.makeMatrix(
            rows: made > 0 ? steps * batchSize : 0, columns: max(1, made) * hiddenSize)
        memoryGradient = try backend.makeMatrix(
            rows: forTraining && cell.carriesMemory ? batchSize : 0, columns: hiddenSize)
        intermediateGradient = try backend.makeMatrix(
            rows: forTraining && made > 0 ? batchSize : 0, columns: intermediate.columns)
        self.scratch =
            try scratch
            ?? backend.makeBuffer(
                of: Float.self,
                count: backend.recurrentScratchCount(
                    cell, steps: steps, batchSize: batchSize, hiddenSize: hiddenSize, forTraining: forTraining))
    }

    /// The same memory for fewer streams, without a backward pass.
    package func narrowed(toBatchSize batchSize: Int) -> RecurrentSequence {
        RecurrentSequence(narrowing: self, batchSize: batchSize)
    }

    private init(narrowing whole: RecurrentSequence, batchSize: Int) {
        precondition(
            batchSize > 0 && batchSize <= whole.batchSize && !whole.isForTraining,
            "\(batchSize) of a sequence's \(whole.batchSize) streams")
        func narrowed(_ matrix: Matrix, rows: Int) -> Matrix { matrix.rows == 0 ? matrix : matrix.rows(0..<rows) }
        cell = whole.cell
        steps = whole.steps
        self.batchSize = batchSize
        hiddenSize = whole.hiddenSize
        isForTraining = false
        gates = narrowed(whole.gates, rows: steps * batchSize)
        hidden = narrowed(whole.hidden, rows: (steps + 1) * batchSize)
        memory = narrowed(whole.memory, rows: (steps + 1) * batchSize)
        intermediate = narrowed(whole.intermediate, rows: steps * batchSize)
        memoryGradient = whole.memoryGradient
        intermediateGradient = whole.intermediateGradient
        scratch = whole.scratch
    }

    /// The B rows of one time step; of ``hidden`` and ``memory``, step t is the state before it. What the cell has not
    /// stays empty.
    func rows(of matrix: Matrix, at step: Int) -> Matrix {
        matrix.rows == 0 ? matrix : matrix.rows(step * batchSize..<(step + 1) * batchSize)
    }

    /// The first, the second … state that a product multiplies, T·B × H.
    func factor(_ state: Int, of product: HalfStep.Product) -> Matrix {
        switch product.factor {
        case .hidden: previous
        case .intermediates: intermediate.columns(columns(ofIntermediate: state))
        }
    }

    /// The columns of ``intermediate`` and of its gradient that belong to one of the states.
    func columns(ofIntermediate state: Int) -> Range<Int> { state * hiddenSize..<(state + 1) * hiddenSize }
}
