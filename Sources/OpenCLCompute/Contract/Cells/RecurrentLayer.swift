/// The kinds of recurrent layer, with the equations of char-rnn.
///
/// x is the layer's input, h′ and c′ the state before the step; every product with x and with h′ has its own bias.
/// The gates of one row are stored side by side, H of each, in the order given here; it is also PyTorch's.
public enum RecurrentCell: String, Codable, CaseIterable, Sendable {
    /// Long short-term memory (Hochreiter and Schmidhuber 1997; Graves 2013 without peepholes). Gates i, f, g, o:
    /// c = σ(f)∘c′ + σ(i)∘tanh(g), h = σ(o)∘tanh(c).
    case lstm
    /// Gated recurrent unit (Cho et al. 2014, in char-rnn's form). Gates r, z, n; the reset gate acts before the
    /// product: n = tanh(Wₙx + Uₙ(r∘h′)), h = z∘n + (1−z)∘h′.
    case gru
    /// The plain layer (Elman 1990): h = tanh(Wx + Uh′).
    case rnn

    /// G, the number of gates.
    public var gateCount: Int {
        switch self {
        case .lstm: 4
        case .gru: 3
        case .rnn: 1
        }
    }
}

/// What a recurrent layer adds to its input product W·x.
public struct RecurrentWeights: Sendable {
    /// U, with which the state before a step makes the product h′·U: H × G·H.
    public let recurrent: Matrix
    /// The bias of the input product: G·H.
    public let inputBias: Buffer<Float>
    /// The bias of the recurrent product: G·H.
    public let recurrentBias: Buffer<Float>

    public init(recurrent: Matrix, inputBias: Buffer<Float>, recurrentBias: Buffer<Float>) {
        precondition(
            recurrent.columns == inputBias.count && recurrent.columns == recurrentBias.count,
            "biases of \(inputBias.count) and \(recurrentBias.count) for recurrent weights of \(recurrent.shape)")
        self.recurrent = recurrent
        self.inputBias = inputBias
        self.recurrentBias = recurrentBias
    }
}

/// The memory of one recurrent layer run over T steps of B streams; every matrix is time-major.
public struct RecurrentSequence: Sendable {
    public let cell: RecurrentCell
    /// T, the number of time steps.
    public let steps: Int
    /// B, the number of streams.
    public let batchSize: Int
    /// H, the units of the layer.
    public let hiddenSize: Int

    /// T·B × G·H. Before the forward pass the input products, after it the gates' activations, after the backward
    /// pass the gradient of the gates' arguments.
    public let gates: Matrix
    /// (T+1)·B × H. The first B rows are the state before the sequence, the others the layer's outputs.
    public let hidden: Matrix
    /// LSTM: the cell states, (T+1)·B × H, the first B rows from before the sequence.
    /// GRU: r∘h′, T·B × H, which the gradient of Uₙ needs. RNN: empty.
    public let memory: Matrix
    /// What the backward pass carries from step to step: LSTM the gradient of c, GRU that of r∘h′; B × H. RNN: empty.
    public let carry: Matrix
    /// Whether there is room for a backward pass.
    package let isForTraining: Bool
    /// Room in which a backend rearranges the weights; as many elements as it asked for.
    package let scratch: Buffer<Float>

    /// The outputs h₁ … h_T, T·B × H.
    public var outputs: Matrix { hidden.rows(batchSize..<(steps + 1) * batchSize) }
    /// The states before each step h₀ … h_{T−1}, T·B × H.
    public var previous: Matrix { hidden.rows(0..<steps * batchSize) }

    /// Allocates the memory on `backend`, the state before the sequence being zero.
    ///
    /// - Parameter forTraining: whether there will be a backward pass, which needs more memory.
    /// - Throws: ``DeviceError`` when the device has not enough memory.
    public init(
        _ cell: RecurrentCell, steps: Int, batchSize: Int, hiddenSize: Int, forTraining: Bool = true,
        on backend: any Backend
    ) throws {
        precondition(
            steps > 0 && batchSize > 0 && hiddenSize > 0,
            "a sequence of \(steps) steps, \(batchSize) streams and \(hiddenSize) units")
        func matrix(_ rows: Int, _ columns: Int) throws -> Matrix {
            Matrix(try backend.makeBuffer(of: Float.self, count: rows * columns), rows: rows, columns: columns)
        }
        let memoryRows =
            switch cell {
            case .lstm: (steps + 1) * batchSize
            case .gru: steps * batchSize
            case .rnn: 0
            }
        self.cell = cell
        self.steps = steps
        self.batchSize = batchSize
        self.hiddenSize = hiddenSize
        isForTraining = forTraining
        gates = try matrix(steps * batchSize, cell.gateCount * hiddenSize)
        hidden = try matrix((steps + 1) * batchSize, hiddenSize)
        memory = try matrix(memoryRows, hiddenSize)
        carry = try matrix(forTraining && cell != .rnn ? batchSize : 0, hiddenSize)
        scratch = try backend.makeBuffer(
            of: Float.self,
            count: backend.recurrentScratchCount(
                cell, steps: steps, batchSize: batchSize, hiddenSize: hiddenSize, forTraining: forTraining))
    }
}
