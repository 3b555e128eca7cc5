/// A matrix of char-rnn's network (Torch's `nn.Linear`, outputs × inputs, with a bias), and where it belongs in ours.
///
/// The order of these matrices is that of char-rnn's graph: its initial weights are drawn in it, and its files are
/// written in it.
struct TorchMatrix {
    /// The parameters of which it is a part: inputs × G·H or V, and the bias.
    let weights: ParameterLayout.Entry
    let bias: ParameterLayout.Entry
    /// For each output its column there.
    let columns: [Int]

    var inputs: Int { weights.rows }
    var outputs: Int { columns.count }

    /// The matrices of all layers, then the decoder; nil for a cell that char-rnn does not have.
    static func all(_ layout: ParameterLayout) -> [TorchMatrix]? {
        guard let matrices = layout.cell.torchMatrices else { return nil }
        let h = layout.hiddenSize
        let layers = (0..<layout.layerCount).flatMap { layer in
            matrices.map { isRecurrent, gates in
                TorchMatrix(
                    weights: layout[isRecurrent ? .recurrentWeights(layer: layer) : .inputWeights(layer: layer)],
                    bias: layout[isRecurrent ? .recurrentBias(layer: layer) : .inputBias(layer: layer)],
                    columns: gates.flatMap { Array($0 * h..<($0 + 1) * h) })
            }
        }
        let decoder = TorchMatrix(
            weights: layout[.decoderWeights], bias: layout[.decoderBias], columns: Array(0..<layout.vocabularySize))
        return layers + [decoder]
    }
}
