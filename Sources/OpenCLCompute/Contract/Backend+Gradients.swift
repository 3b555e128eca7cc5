/// The gradient of a recurrent layer's own weights, by products and sums of the contract, the same on all devices. That of
/// the input product is left to the caller.
extension Backend {
    /// The backward pass of a layer with all of them.
    public func backward(
        _ sequence: RecurrentSequence, weights: RecurrentWeights, outputGradient: Matrix, gradient: RecurrentWeights
    ) throws {
        try backward(sequence, weights: weights, outputGradient: outputGradient)
        try biasGradient(of: sequence, into: gradient)
        try recurrentGradient(of: sequence, rows: 0..<sequence.hiddenSize, into: gradient)
    }

    /// The gradient of the biases, after ``backward(_:weights:outputGradient:)``.
    public func biasGradient(of sequence: RecurrentSequence, into gradient: RecurrentWeights) throws {
        checkRecurrence(sequence, gradient)
        try columnSums(of: sequence.gates, into: gradient.inputBias)
        // Both biases are added to the same argument.
        if sequence.cell.hasRecurrentProduct { try copy(gradient.inputBias, to: gradient.recurrentBias) }
    }

    /// The gradient of some rows of U, after ``backward(_:weights:outputGradient:)``: the states that were multiplied by them,
    /// transposed, times the gradient of the gates' arguments.
    public func recurrentGradient(
        of sequence: RecurrentSequence, rows: Range<Int>, into gradient: RecurrentWeights
    ) throws {
        checkRecurrence(sequence, gradient)
        for product in sequence.cell.halfSteps.compactMap(\.product) {
            let h = sequence.hiddenSize
            for state in 0..<product.stateCount {
                try multiply(
                    sequence.factor(state, of: product).columns(rows).transposed,
                    sequence.gates.columns(product.columns(hiddenSize: h)),
                    into: gradient.recurrent.rows(rows).columns(product.weights(of: state, hiddenSize: h)))
            }
        }
    }
}
