extension OpenCLBackend {
    /// Room for the recurrent weights, rearranged: in panels on processors; else see
    /// ``OpenCLStream/packWeights(_:for:)`` and ``OpenCLStream/transposeWeights(_:for:)``.
    func recurrentScratchCount(
        _ cell: RecurrentCell, steps: Int, batchSize: Int, hiddenSize: Int, forTraining: Bool
    ) -> Int {
        if context.info.isProcessor {
            let count = OpenCLStream.panelCount(cell, hiddenSize: hiddenSize)
            if forTraining { return max(count.forward, count.backward) }
            return OpenCLStream.repaysPanels(rows: steps * batchSize) ? count.forward : 0
        }
        return forTraining || steps > 1 && batchSize > 1 ? hiddenSize * cell.gateCount * hiddenSize : 0
    }

    func forward(_ sequence: RecurrentSequence, weights: RecurrentWeights) throws {
        checkRecurrence(sequence, weights)
        try enqueue { stream in
            if fuses(sequence) { return try stream.forwardFused(sequence, weights) }
            switch sequence.cell {
            case .lstm: try stream.forwardLSTM(sequence, weights)
            case .gru: try stream.forwardGRU(sequence, weights)
            case .rnn: try stream.forwardRNN(sequence, weights)
            }
        }
    }

    func backward(
        _ sequence: RecurrentSequence, weights: RecurrentWeights, outputGradient: Matrix, gradient: RecurrentWeights
    ) throws {
        checkBackward(sequence, weights, outputGradient: outputGradient, gradient: gradient)
        try enqueue { stream in
            if fuses(sequence, backward: true) {
                try stream.backwardFused(sequence, weights.recurrent, outputGradient)
            } else {
                let transposed = try stream.transposeWeights(weights.recurrent, for: sequence)
                switch sequence.cell {
                case .lstm: try stream.backwardLSTM(sequence, transposed, outputGradient)
                case .gru: try stream.backwardGRU(sequence, transposed, outputGradient)
                case .rnn: try stream.backwardRNN(sequence, transposed, outputGradient)
                }
            }
            try stream.weightGradient(sequence, into: gradient.recurrent)
            // Both biases are added to the same argument.
            try stream.sumColumns(of: sequence.gates, into: gradient.inputBias)
            try stream.copy(gradient.inputBias, to: gradient.recurrentBias)
        }
    }
}

extension OpenCLStream {
    /// U, H × G·H, in the sequence's scratch memory where that spares work.
    ///
    /// Every step of the forward pass multiplies by it, and CLBlast makes a copy for each unless the matrix stands at
    /// the start of its memory. A product of one row makes none.
    func packWeights(_ recurrent: Matrix, for sequence: RecurrentSequence) throws -> Matrix {
        guard sequence.steps > 1 && sequence.batchSize > 1 && !context.info.isProcessor else {
            return recurrent
        }
        try copy(recurrent.elements, to: sequence.scratch)
        return Matrix(sequence.scratch, rows: recurrent.rows, columns: recurrent.columns)
    }

    /// B × `columns`, for a step's product, which a kernel will add to what it belongs to.
    ///
    /// To add it in place, CLBlast would copy the matrix there and back.
    mutating func productMatrix(columns: Int, for sequence: RecurrentSequence) throws -> Matrix {
        let elements = try workspace(.product, count: sequence.batchSize * columns)
        return Matrix(elements, rows: sequence.batchSize, columns: columns)
    }

    /// Uᵀ, G·H × H, in the sequence's scratch memory.
    ///
    /// Every step of the backward pass multiplies by it. CLBlast would transpose U for each, slowly on processors.
    mutating func transposeWeights(
        _ recurrent: Matrix, for sequence: RecurrentSequence
    ) throws -> Matrix {
        let transposed = Matrix(sequence.scratch, rows: recurrent.columns, columns: recurrent.rows)
        try transpose(OpenCLMatrix(recurrent), into: transposed)
        return transposed
    }

    /// The gradient of U: the states that were multiplied by it, transposed, times the gradient of the arguments.
    fileprivate mutating func weightGradient(_ sequence: RecurrentSequence, into gradient: Matrix) throws {
        let factors = [sequence.previous, sequence.memory]
        for (states, columns) in zip(factors, sequence.cell.productColumns(hiddenSize: sequence.hiddenSize)) {
            try multiply(
                OpenCLMatrix(states.transposed), OpenCLMatrix(sequence.gates, columns: columns),
                into: OpenCLMatrix(gradient, columns: columns), adding: false)
        }
    }
}

extension RecurrentCell {
    /// The gates of each of a step's products: a GRU's reset gate acts between two.
    func productColumns(hiddenSize h: Int) -> [Range<Int>] {
        switch self {
        case .lstm: [0..<4 * h]
        case .gru: [0..<2 * h, 2 * h..<3 * h]
        case .rnn: [0..<h]
        }
    }
}

extension RecurrentSequence {
    /// The rows of one time step. In `hidden`, and in an LSTM's `memory`, step t is the state before it.
    func rows(of matrix: Matrix, at step: Int) -> Matrix {
        matrix.rows(step * batchSize..<(step + 1) * batchSize)
    }
}
