extension OpenCLBackend {
    /// Room for the recurrent weights, rearranged: in panels on processors; else see
    /// ``OpenCLStream/forwardSteps(_:_:)`` and ``OpenCLStream/transposeWeights(_:for:)``.
    func recurrentScratchCount(
        _ cell: RecurrentCell, steps: Int, batchSize: Int, hiddenSize: Int, forTraining: Bool
    ) -> Int {
        if context.info.isProcessor {
            let count = OpenCLStream.panelCount(cell, hiddenSize: hiddenSize)
            if forTraining { return max(count.forward, count.backward) }
            return OpenCLStream.repaysPanels(rows: steps * batchSize) ? count.forward : 0
        }
        return forTraining || steps > 1 && batchSize > 1 ? hiddenSize * cell.recurrentMatrixCount * hiddenSize : 0
    }

    func forward(_ sequence: RecurrentSequence, weights: RecurrentWeights) throws {
        checkRecurrence(sequence, weights)
        try enqueue { stream in
            if fuses(sequence) {
                try stream.forwardFused(sequence, weights)
            } else if takesWholeSteps(sequence) {
                try stream.forwardWholeSteps(sequence, weights)
            } else {
                try stream.forwardSteps(sequence, weights)
            }
        }
    }

    func backward(_ sequence: RecurrentSequence, weights: RecurrentWeights, outputGradient: Matrix) throws {
        checkBackward(sequence, weights, outputGradient: outputGradient)
        try enqueue { stream in
            if fuses(sequence, backward: true) {
                try stream.backwardFused(sequence, weights.recurrent, outputGradient)
            } else if takesWholeSteps(sequence) {
                try stream.backwardWholeSteps(sequence, weights.recurrent, outputGradient)
            } else {
                try stream.backwardSteps(sequence, weights.recurrent, outputGradient)
            }
        }
    }
}

extension OpenCLStream {
    /// B × `columns`, for a step's product, which a kernel will add to what it belongs to.
    ///
    /// To add it in place, CLBlast would copy the matrix there and back.
    mutating func productMatrix(columns: Int, for sequence: RecurrentSequence) throws -> Matrix {
        let elements = try workspace(.product, count: sequence.batchSize * columns)
        return Matrix(elements, rows: sequence.batchSize, columns: columns)
    }

    /// Uᵀ, with as many rows as U has columns, in the sequence's scratch memory.
    ///
    /// Every step of the backward pass multiplies by it. CLBlast would transpose U for each, slowly on processors.
    mutating func transposeWeights(
        _ recurrent: Matrix, for sequence: RecurrentSequence
    ) throws -> Matrix {
        guard sequence.cell.hasRecurrentProduct else { return recurrent }
        let transposed = Matrix(sequence.scratch, rows: recurrent.columns, columns: recurrent.rows)
        try transpose(recurrent, into: transposed)
        return transposed
    }
}
