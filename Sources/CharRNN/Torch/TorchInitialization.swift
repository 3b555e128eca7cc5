/// The initial weights of char-rnn for a seed: the same numbers, at the same places of the network.
///
/// Torch's layers first draw weights of their own, one number a parameter, which char-rnn throws away; then all
/// parameters are drawn uniformly from ±0.08 in the order of its network's graph, and an LSTM's forget gates get an
/// input bias of 1, so that it remembers from the start.
enum TorchInitialization {
    /// The values of all parameters in the order of the layout.
    static func values(_ configuration: LanguageModel.Configuration, seed: UInt64) -> [Float] {
        let layout = configuration.layout
        var generator = MersenneTwister(seed: UInt32(truncatingIfNeeded: seed))
        for _ in 0..<layout.count { _ = generator.next() }
        func draw() -> Float { Float(generator.uniform(-0.08, 0.08)) }

        var values = [Float](repeating: 0, count: layout.count)
        for matrix in configuration.torchMatrices {
            let weights = layout.entries[matrix.weights]
            let columns = matrix.columns
            for column in columns {
                for row in 0..<matrix.inputs {
                    values[weights.range.lowerBound + row * weights.columns + column] = draw()
                }
            }
            for column in columns { values[layout.entries[matrix.bias].range.lowerBound + column] = draw() }
        }
        if configuration.cell == .lstm { openForgetGates(&values, configuration) }
        return values
    }

    /// Sets the input biases of the forget gates to 1 (Jozefowicz et al. 2015).
    static func openForgetGates(_ values: inout [Float], _ configuration: LanguageModel.Configuration) {
        let h = configuration.hiddenSize
        for layer in 0..<configuration.layerCount {
            let bias = configuration.layout.entries[4 * layer + 2].range.lowerBound
            values.replaceSubrange(bias + h..<bias + 2 * h, with: repeatElement(1, count: h))
        }
    }
}
