/// Recurrent layers step by step: for each half-step of the cell a product, then a launch. CLKernels/sequence.cl has the
/// kernels, and the cell's file what they do.
extension OpenCLStream {
    mutating func forwardSteps(_ sequence: RecurrentSequence, _ weights: RecurrentWeights) throws {
        let (cell, B, H) = (sequence.cell, sequence.batchSize, sequence.hiddenSize)
        let recurrent = try packWeights(weights.recurrent, for: sequence)
        let none = weights.recurrentBias[0..<0]
        for t in 0..<sequence.steps {
            let gates = sequence.rows(of: sequence.gates, at: t)
            let before = sequence.rows(of: sequence.hidden, at: t)
            for (index, half) in cell.halfSteps.enumerated() {
                var product: any OpenCLArgument = none
                if let factor = half.product {
                    let columns = factor.columns(hiddenSize: H)
                    // In the same memory: the first product is used up when the second is made.
                    let result = try productMatrix(columns: columns.count, for: sequence)
                    for state in 0..<factor.stateCount {
                        try multiply(
                            sequence.rows(of: sequence.factor(state, of: factor), at: t),
                            recurrent.columns(factor.weights(of: state, hiddenSize: H)), into: result,
                            adding: state > 0)
                    }
                    product = result
                }
                try launch(
                    "\(cell)_step_forward", rows: B, columns: H, index, B, H, gates, weights.inputBias, product,
                    weights.recurrentBias, cell.mixesHidden ? before : none as any OpenCLArgument,
                    sequence.rows(of: sequence.memory, at: t), sequence.rows(of: sequence.intermediate, at: t),
                    sequence.rows(of: sequence.hidden, at: t + 1), sequence.rows(of: sequence.memory, at: t + 1))
            }
        }
    }

    /// All but the gradients of the weights.
    mutating func backwardSteps(
        _ sequence: RecurrentSequence, _ recurrent: Matrix, _ outputGradient: Matrix
    ) throws {
        let (cell, B, H) = (sequence.cell, sequence.batchSize, sequence.hiddenSize)
        let transposed = try transposeWeights(recurrent, for: sequence)
        let none = sequence.scratch[0..<0]
        // What the step after adds to the gradient of h.
        let later = try productMatrix(columns: H, for: sequence)
        for t in (0..<sequence.steps).reversed() {
            let gates = sequence.rows(of: sequence.gates, at: t)
            let isFirst = t == 0 ? 1 : 0
            let isLast = t == sequence.steps - 1 ? 1 : 0
            for (index, half) in cell.halfSteps.enumerated().reversed() {
                // The state before the first step is no output and gets no gradient; the kernels leave what stands here.
                try launch(
                    "\(cell)_step_backward", rows: B, columns: H, index, B, H, isFirst, isLast, gates,
                    cell.mixesHidden ? sequence.rows(of: sequence.hidden, at: t) : none as any OpenCLArgument,
                    sequence.rows(of: sequence.memory, at: t), sequence.rows(of: sequence.memory, at: t + 1),
                    sequence.rows(of: outputGradient, at: t), later,
                    cell.mixesHidden
                        ? sequence.rows(of: outputGradient, at: max(t - 1, 0)) : none as any OpenCLArgument,
                    sequence.memoryGradient, sequence.intermediateGradient)
                guard let product = half.product else { continue }
                let arguments = gates.columns(product.columns(hiddenSize: H))
                for state in 0..<product.stateCount {
                    let weights = transposed.rows(product.weights(of: state, hiddenSize: H))
                    switch product.factor {
                    case .intermediates:
                        let gradient = sequence.intermediateGradient.columns(sequence.columns(ofIntermediate: state))
                        try multiply(arguments, weights, into: gradient, adding: cell.isMultipliedLater(index))
                    case .hidden:
                        guard t > 0 else { break }
                        try multiply(arguments, weights, into: later, adding: false)
                    }
                }
            }
        }
    }

    /// U in the sequence's scratch memory where that spares work.
    ///
    /// Every step of the forward pass multiplies by it, and CLBlast makes a copy for each unless the matrix is whole and
    /// stands at the start of its memory. A product of one row makes none.
    private func packWeights(_ recurrent: Matrix, for sequence: RecurrentSequence) throws -> Matrix {
        guard
            sequence.steps > 1 && sequence.batchSize > 1 && !context.info.isProcessor
                && sequence.cell.halfSteps.count == 1 && sequence.cell.hasRecurrentProduct
        else { return recurrent }
        try copy(recurrent.elements, to: sequence.scratch)
        return Matrix(sequence.scratch, rows: recurrent.rows, columns: recurrent.columns)
    }
}
