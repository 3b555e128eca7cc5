/// The steps of a GRU; CLKernels/gru.cl has the equations.
extension OpenCLStream {
    mutating func forwardGRU(_ sequence: RecurrentSequence, _ weights: RecurrentWeights) throws {
        let (B, H) = (sequence.batchSize, sequence.hiddenSize)
        let resetAndUpdate = OpenCLMatrix(weights.recurrent, columns: 0..<2 * H)
        let candidate = OpenCLMatrix(weights.recurrent, columns: 2 * H..<3 * H)
        let products = try productMatrix(columns: 2 * H, for: sequence)
        // In the same memory: the first product is used up when the second is made.
        let product = try productMatrix(columns: H, for: sequence)
        for t in 0..<sequence.steps {
            let gates = sequence.rows(of: sequence.gates, at: t)
            let before = sequence.rows(of: sequence.hidden, at: t)
            let memory = sequence.rows(of: sequence.memory, at: t)
            try multiply(OpenCLMatrix(before), resetAndUpdate, into: OpenCLMatrix(products), adding: false)
            try launch(
                "gru_reset_forward", rows: B, columns: H, B, H, gates, weights.inputBias, products,
                weights.recurrentBias, before, memory)
            try multiply(OpenCLMatrix(memory), candidate, into: OpenCLMatrix(product), adding: false)
            try launch(
                "gru_output_forward", rows: B, columns: H, B, H, gates, weights.inputBias, product,
                weights.recurrentBias, before, sequence.rows(of: sequence.hidden, at: t + 1))
        }
    }

    mutating func backwardGRU(
        _ sequence: RecurrentSequence, _ transposed: Matrix, _ outputGradient: Matrix
    ) throws {
        let (B, H) = (sequence.batchSize, sequence.hiddenSize)
        let resetAndUpdate = transposed.rows(0..<2 * H)
        let candidate = transposed.rows(2 * H..<3 * H)
        let later = try productMatrix(columns: H, for: sequence)
        for t in (0..<sequence.steps).reversed() {
            let gates = sequence.rows(of: sequence.gates, at: t)
            let before = sequence.rows(of: sequence.hidden, at: t)
            let isFirst = t == 0 ? 1 : 0
            let isLast = t == sequence.steps - 1 ? 1 : 0
            // The state before the first step is no output and gets no gradient; the kernels leave what stands here.
            let beforeGradient = sequence.rows(of: outputGradient, at: max(t - 1, 0))
            try launch(
                "gru_output_backward", rows: B, columns: H, B, H, isFirst, isLast, gates, before,
                sequence.rows(of: outputGradient, at: t), later, beforeGradient)
            try multiply(
                OpenCLMatrix(gates, columns: 2 * H..<3 * H), OpenCLMatrix(candidate),
                into: OpenCLMatrix(sequence.carry), adding: false)
            try launch(
                "gru_reset_backward", rows: B, columns: H, B, H, isFirst, gates, before, sequence.carry,
                beforeGradient)
            if t > 0 {
                try multiply(
                    OpenCLMatrix(gates, columns: 0..<2 * H), OpenCLMatrix(resetAndUpdate), into: OpenCLMatrix(later),
                    adding: false)
            }
        }
    }
}
