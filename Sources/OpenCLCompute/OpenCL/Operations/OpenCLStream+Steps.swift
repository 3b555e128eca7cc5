/// The time steps of the cells whose gates take one product with the state: LSTM and plain layer. A GRU has two.
extension OpenCLStream {
    /// For each step the product h′·U, then `gates`, which launches the cell's kernel: it is given the step and the
    /// product.
    mutating func forwardSteps(
        _ sequence: RecurrentSequence, _ weights: RecurrentWeights,
        gates: (inout OpenCLStream, _ step: Int, _ product: Matrix) throws -> Void
    ) throws {
        let recurrent = try packWeights(weights.recurrent, for: sequence)
        let product = try productMatrix(columns: recurrent.columns, for: sequence)
        for t in 0..<sequence.steps {
            let before = sequence.rows(of: sequence.hidden, at: t)
            try multiply(OpenCLMatrix(before), OpenCLMatrix(recurrent), into: OpenCLMatrix(product), adding: false)
            try gates(&self, t, product)
        }
    }

    /// From the last step to the first `gates`, which launches the cell's kernel, then the product of its gradients with
    /// Uᵀ, which the step before is given as `later`.
    mutating func backwardSteps(
        _ sequence: RecurrentSequence, _ transposed: Matrix,
        gates: (inout OpenCLStream, _ step: Int, _ isLast: Int, _ later: Matrix) throws -> Void
    ) throws {
        let later = try productMatrix(columns: sequence.hiddenSize, for: sequence)
        for t in (0..<sequence.steps).reversed() {
            try gates(&self, t, t == sequence.steps - 1 ? 1 : 0, later)
            if t > 0 {
                try multiply(
                    OpenCLMatrix(sequence.rows(of: sequence.gates, at: t)), OpenCLMatrix(transposed),
                    into: OpenCLMatrix(later), adding: false)
            }
        }
    }
}
