/// The steps of the plain recurrent layer; CLKernels/rnn.cl has the equations.
extension OpenCLStream {
    mutating func forwardRNN(_ sequence: RecurrentSequence, _ weights: RecurrentWeights) throws {
        try forwardSteps(sequence, weights) { stream, t, product in
            try stream.launch(
                "rnn_forward", rows: sequence.batchSize, columns: sequence.hiddenSize,
                sequence.batchSize, sequence.hiddenSize, sequence.rows(of: sequence.gates, at: t), weights.inputBias,
                product, weights.recurrentBias, sequence.rows(of: sequence.hidden, at: t + 1))
        }
    }

    mutating func backwardRNN(
        _ sequence: RecurrentSequence, _ transposed: Matrix, _ outputGradient: Matrix
    ) throws {
        try backwardSteps(sequence, transposed) { stream, t, isLast, later in
            try stream.launch(
                "rnn_backward", rows: sequence.batchSize, columns: sequence.hiddenSize,
                sequence.batchSize, sequence.hiddenSize, isLast, sequence.rows(of: sequence.gates, at: t),
                sequence.rows(of: outputGradient, at: t), later)
        }
    }
}
