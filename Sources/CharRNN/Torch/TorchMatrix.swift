/// A matrix of char-rnn's network (Torch's `nn.Linear`, outputs × inputs, with a bias), and where it belongs in ours.
///
/// The order of these matrices is that of char-rnn's graph: its initial weights are drawn in it, and its files are
/// written in it.
struct TorchMatrix {
    /// In the layout, the entry of the weights and that of the bias.
    let weights: Int
    let bias: Int
    let inputs: Int
    /// Which of our gates its outputs are, block after block.
    let gates: [Int]
    /// The outputs of a block.
    let blockSize: Int

    var outputs: Int { gates.count * blockSize }
    /// For each output its column on the device.
    var columns: [Int] { gates.flatMap { Array($0 * blockSize..<($0 + 1) * blockSize) } }

    /// Those of a layer: whether it multiplies the layer's state, and the gates.
    private static func layer(_ cell: RecurrentCell) -> [(isRecurrent: Bool, gates: [Int])] {
        cell.torchMatrices ?? []
    }

    /// The number of matrices of a layer.
    static func countPerLayer(_ cell: RecurrentCell) -> Int { layer(cell).count }

    /// The matrices of all layers, then the decoder.
    static func all(
        _ cell: RecurrentCell, vocabularySize: Int, hiddenSize: Int, layerCount: Int
    ) -> [TorchMatrix] {
        let layers = (0..<layerCount).flatMap { index in
            layer(cell).map { isRecurrent, gates in
                let weights = 4 * index + (isRecurrent ? 1 : 0)
                return TorchMatrix(
                    weights: weights, bias: weights + 2,
                    inputs: index == 0 && !isRecurrent ? vocabularySize : hiddenSize, gates: gates,
                    blockSize: hiddenSize)
            }
        }
        let decoder = TorchMatrix(
            weights: 4 * layerCount, bias: 4 * layerCount + 1, inputs: hiddenSize, gates: [0],
            blockSize: vocabularySize)
        return layers + [decoder]
    }
}

extension LanguageModel.Configuration {
    /// The matrices that char-rnn would have.
    var torchMatrices: [TorchMatrix] {
        TorchMatrix.all(cell, vocabularySize: vocabulary.count, hiddenSize: hiddenSize, layerCount: layerCount)
    }
}
