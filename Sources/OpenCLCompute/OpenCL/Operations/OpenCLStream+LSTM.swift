/// The steps of an LSTM; CLKernels/lstm.cl has the equations.
extension OpenCLStream {
    mutating func forwardLSTM(_ sequence: RecurrentSequence, _ weights: RecurrentWeights) throws {
        try forwardSteps(sequence, weights) { stream, t, product in
            try stream.launch(
                "lstm_forward", rows: sequence.batchSize, columns: sequence.hiddenSize,
                sequence.batchSize, sequence.hiddenSize, sequence.rows(of: sequence.gates, at: t), weights.inputBias,
                product, weights.recurrentBias, sequence.rows(of: sequence.memory, at: t),
                sequence.rows(of: sequence.memory, at: t + 1), sequence.rows(of: sequence.hidden, at: t + 1))
        }
    }

    mutating func backwardLSTM(
        _ sequence: RecurrentSequence, _ transposed: Matrix, _ outputGradient: Matrix
    ) throws {
        try backwardSteps(sequence, transposed) { stream, t, isLast, later in
            try stream.launch(
                "lstm_backward", rows: sequence.batchSize, columns: sequence.hiddenSize,
                sequence.batchSize, sequence.hiddenSize, isLast, sequence.rows(of: sequence.gates, at: t),
                sequence.rows(of: sequence.memory, at: t), sequence.rows(of: sequence.memory, at: t + 1),
                sequence.rows(of: outputGradient, at: t), later, sequence.carry)
        }
    }
}
