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

    /// The gates of a layer after their activation, T·B × G·H.
    func gates(of layer: Int) throws -> [Float] { try backend.read(layers[layer].gates.elements) }
}
