/// What a model asks of its cell.
extension RecurrentCell {
    /// Whether the sequence's `memory` goes from batch to batch beside `hidden`, as the LSTM's c does.
    package var carriesMemory: Bool {
        switch self {
        case .lstm: true
        case .gru, .rnn: false
        }
    }

    /// Whether a step multiplies the state, so that there are recurrent weights and a bias of theirs.
    package var hasRecurrentProduct: Bool {
        switch self {
        case .lstm, .gru, .rnn: true
        }
    }

    /// The gates whose input biases start at 1, such as the LSTM's forget gate (Jozefowicz et al. 2015).
    package var openGates: [Int] {
        switch self {
        case .lstm: [1]
        case .gru, .rnn: []
        }
    }

    /// The matrices of a layer of char-rnn in the order of its graph: whether each multiplies the state, and the gates
    /// that it feeds, block after block. Nil for a cell that char-rnn does not have.
    package var torchMatrices: [(isRecurrent: Bool, gates: [Int])]? {
        switch self {
        case .lstm: [(false, [0, 1, 3, 2]), (true, [0, 1, 3, 2])]  // i, f, o, g there
        // z, z; then the candidate's input, r, r, and the candidate's recurrent matrix
        case .gru: [(false, [1]), (true, [1]), (false, [2]), (false, [0]), (true, [0]), (true, [2])]
        case .rnn: [(false, [0]), (true, [0])]
        }
    }

    /// The elements that training holds for a layer, in units of B·H: for each step, and once.
    package var trainingElements: (perStep: Int, once: Int) {
        switch self {
        case .lstm: (6, 3)
        case .gru: (5, 2)
        case .rnn: (2, 1)
        }
    }

    /// Whether PyTorch's module of the same name computes with the same equations; `torch.nn.GRU` does not.
    package var isPyTorchs: Bool {
        switch self {
        case .lstm, .rnn: true
        case .gru: false
        }
    }
}
