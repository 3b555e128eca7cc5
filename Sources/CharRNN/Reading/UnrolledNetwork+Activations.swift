import OpenCLCompute

/// What the last pass has left in the layers.
extension UnrolledNetwork {
    /// The outputs h₁ … h_T of a layer, T·B × H.
    func outputs(of layer: Int) throws -> [Float] { try backend.read(layers[layer].outputs.elements) }

    /// The cell states c₁ … c_T of a layer whose cell has them, T·B × H.
    func memory(of layer: Int) throws -> [Float] {
        let sequence = layers[layer]
        return try backend.read(sequence.memory.rows(sequence.batchSize..<(steps + 1) * sequence.batchSize).elements)
    }

    /// The state after the first `count` steps of the last pass.
    func state(after count: Int) throws -> LanguageModel.State {
        func rows(_ states: Matrix, _ sequence: RecurrentSequence) throws -> [Float] {
            try backend.read(states.rows(count * sequence.batchSize..<(count + 1) * sequence.batchSize).elements)
        }
        return LanguageModel.State(
            hidden: try layers.map { try rows($0.hidden, $0) },
            memory: try layers.map { $0.cell.carriesMemory ? try rows($0.memory, $0) : [] })
    }

    /// The gates of a layer after their activation, T·B × G·H.
    func gates(of layer: Int) throws -> [Float] { try backend.read(layers[layer].gates.elements) }
}
