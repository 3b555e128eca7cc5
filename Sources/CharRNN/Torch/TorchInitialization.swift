import OpenCLCompute

/// The initial weights of char-rnn for a seed: the same numbers, at the same places of the network.
///
/// Torch's layers first draw weights of their own, one number a parameter, which char-rnn throws away; then all
/// parameters are drawn uniformly from ±0.08 in the order of its network's graph, and the cell's open gates get an
/// input bias of 1. A cell that char-rnn does not have is drawn in the order of the layout; an embedding, which it does not
/// have either, comes last.
enum TorchInitialization {
    /// The values of all parameters in the order of the layout.
    static func values(_ layout: ParameterLayout, seed: UInt64) -> [Float] {
        var generator = MersenneTwister(seed: UInt32(truncatingIfNeeded: seed))
        for _ in 0..<layout.count { _ = generator.next() }
        func draw() -> Float { Float(generator.uniform(-0.08, 0.08)) }

        var values = [Float](repeating: 0, count: layout.count)
        if let matrices = TorchMatrix.all(layout) {
            for matrix in matrices {
                for column in matrix.columns {
                    for row in 0..<matrix.inputs { values[matrix.weights.index(row: row, column: column)] = draw() }
                }
                for column in matrix.columns { values[matrix.bias.index(column: column)] = draw() }
            }
        } else {
            for index in values.indices { values[index] = draw() }
        }
        layout.drawEmbedding(into: &values) { generator.uniform(0, 1) }
        layout.openGates(of: &values)
        return values
    }
}

extension LanguageModel {
    /// A new model with the very weights that char-rnn draws for `seed` (of which it uses 32 bits).
    ///
    /// - Throws: `DeviceError` when the device cannot be used or has not enough memory.
    public convenience init(_ configuration: Configuration, on device: Device = .default, seed: UInt64) throws {
        let layout = try configuration.layout(fitting: device)
        try self.init(configuration, values: TorchInitialization.values(layout, seed: seed), on: device)
    }
}
