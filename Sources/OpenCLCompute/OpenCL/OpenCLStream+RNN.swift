/// The steps of the plain recurrent layer; CLKernels/rnn.cl has the equations.
extension OpenCLStream {
    mutating func forwardRNN(_ sequence: RecurrentSequence, _ weights: RecurrentWeights) throws {
        let recurrent = try packWeights(weights.recurrent, for: sequence)
        let product = try productMatrix(columns: recurrent.columns, for: sequence)
        for t in 0..<sequence.steps {
            let gates = sequence.rows(of: sequence.gates, at: t)
            let before = sequence.rows(of: sequence.hidden, at: t)
            try multiply(OpenCLMatrix(before), OpenCLMatrix(recurrent), into: OpenCLMatrix(product), adding: false)
            try launch(
                "rnn_forward", rows: sequence.batchSize, columns: sequence.hiddenSize,
                sequence.batchSize, sequence.hiddenSize, gates, weights.inputBias, product, weights.recurrentBias,
                sequence.rows(of: sequence.hidden, at: t + 1))
        }
    }

    mutating func backwardRNN(
        _ sequence: RecurrentSequence, _ transposed: Matrix, _ outputGradient: Matrix, _ gradient: Matrix
    ) throws {
        let later = try productMatrix(columns: sequence.hiddenSize, for: sequence)
        for t in (0..<sequence.steps).reversed() {
            let gates = sequence.rows(of: sequence.gates, at: t)
            let isLast = t == sequence.steps - 1 ? 1 : 0
            try launch(
                "rnn_backward", rows: sequence.batchSize, columns: sequence.hiddenSize,
                sequence.batchSize, sequence.hiddenSize, isLast, gates, sequence.rows(of: outputGradient, at: t), later)
            if t > 0 {
                try multiply(
                    OpenCLMatrix(gates), OpenCLMatrix(transposed), into: OpenCLMatrix(later), adding: false)
            }
        }
        try multiply(
            OpenCLMatrix(sequence.previous.transposed), OpenCLMatrix(sequence.gates), into: OpenCLMatrix(gradient),
            adding: false)
    }
}
