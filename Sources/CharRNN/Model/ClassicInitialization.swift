/// The first weights of char-rnn for a seed: the same numbers, at the same places of the network.
///
/// Torch's layers first draw weights of their own, one number a parameter, which char-rnn throws away; then all
/// parameters are drawn uniformly from ±0.08 in the order of its network's graph, and an LSTM's forget gates get an
/// input bias of 1, so that it remembers from the start.
enum ClassicInitialization {
    /// A matrix of char-rnn, with one bias: which product of the layer it makes, and the gates (in our order) that
    /// its rows hold, block after block.
    private struct Linear {
        let isRecurrent: Bool
        let gates: [Int]
    }

    /// The matrices of a layer in the order of char-rnn's graph.
    private static func linears(_ cell: RecurrentCell) -> [Linear] {
        switch cell {
        case .lstm:  // i, f, o, g there
            [Linear(isRecurrent: false, gates: [0, 1, 3, 2]), Linear(isRecurrent: true, gates: [0, 1, 3, 2])]
        case .gru:  // z, z; then the candidate's input, r, r, and the candidate's recurrent matrix
            [(false, 1), (true, 1), (false, 2), (false, 0), (true, 0), (true, 2)].map {
                Linear(isRecurrent: $0, gates: [$1])
            }
        case .rnn: [Linear(isRecurrent: false, gates: [0]), Linear(isRecurrent: true, gates: [0])]
        }
    }

    /// The values of all parameters in the order of the layout.
    static func values(_ configuration: LanguageModel.Configuration, seed: UInt64) -> [Float] {
        let layout = configuration.layout
        var generator = MersenneTwister(seed: UInt32(truncatingIfNeeded: seed))
        for _ in 0..<layout.count { _ = generator.next() }
        func draw() -> Float { Float(generator.uniform(-0.08, 0.08)) }

        var values = [Float](repeating: 0, count: layout.count)
        /// Fills the columns of a weight matrix and of its bias, output by output.
        func fill(_ weights: Int, _ bias: Int, columns: [Int]) {
            let entry = layout.entries[weights]
            for column in columns {
                for row in 0..<entry.rows { values[entry.range.lowerBound + row * entry.columns + column] = draw() }
            }
            for column in columns { values[layout.entries[bias].range.lowerBound + column] = draw() }
        }
        let h = configuration.hiddenSize
        for layer in 0..<configuration.layerCount {
            for linear in linears(configuration.cell) {
                let first = 4 * layer + (linear.isRecurrent ? 1 : 0)
                fill(first, first + 2, columns: linear.gates.flatMap { Array($0 * h..<($0 + 1) * h) })
            }
        }
        let decoder = 4 * configuration.layerCount
        fill(decoder, decoder + 1, columns: Array(0..<configuration.vocabulary.count))
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
