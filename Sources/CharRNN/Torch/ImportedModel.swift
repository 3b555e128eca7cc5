/// A model of another program on its way into a checkpoint.
struct ImportedModel {
    /// A matrix of it, with a bias: what each output takes of each input.
    struct Matrix {
        let inputs: Int
        let outputs: Int
        /// outputs × inputs, row-major
        let weights: [Float]
        let bias: [Float]
    }

    let cell: RecurrentCell
    let vocabulary: ImportedVocabulary
    let hiddenSize: Int
    let dropout: Float
    /// In char-rnn's order and shapes; see ``TorchMatrix``.
    let matrices: [Matrix]
    let options: [String: String]

    /// The layers that so many matrices make.
    ///
    /// - Throws: ``TorchFault`` when they make no whole number.
    static func layerCount(_ cell: RecurrentCell, matrices count: Int) throws -> Int {
        guard let perLayer = cell.torchMatrices?.count else {
            throw TorchFault.foreign("its layers are of \(cell), which char-rnn does not have")
        }
        guard count > perLayer, (count - 1) % perLayer == 0 else {
            throw TorchFault.foreign(
                "its \(cell) has \(count) matrices, where a layer has \(perLayer) and the decoder 1")
        }
        return (count - 1) / perLayer
    }

    /// The model in our layout, each token's weights in the place of its number in our vocabulary.
    ///
    /// - Throws: ``TorchFault``.
    func checkpoint() throws -> Checkpoint {
        let configuration = LanguageModel.Configuration(
            cell: cell, vocabulary: vocabulary.vocabulary, hiddenSize: hiddenSize,
            layerCount: try Self.layerCount(cell, matrices: matrices.count), dropout: dropout)
        let layout = configuration.layout
        let places = TorchMatrix.all(layout)!  // or it would have no count of layers
        let tokens = vocabulary.numbers
        var values = [Float](repeating: 0, count: layout.count)
        for (matrix, place) in zip(matrices, places) {
            let columns = place.weights.columnAxis == .tokens ? tokens : place.columns
            let rows = place.weights.rowAxis == .tokens ? tokens : Array(0..<matrix.inputs)
            precondition(
                columns.count == matrix.outputs && rows.count == matrix.inputs,
                "a matrix of \(matrix.outputs)×\(matrix.inputs) for one of \(columns.count)×\(rows.count)")
            for (output, column) in columns.enumerated() {
                for (input, row) in rows.enumerated() {
                    values[place.weights.index(row: row, column: column)] =
                        matrix.weights[output * matrix.inputs + input]
                }
                values[place.bias.index(column: column)] = matrix.bias[output]
            }
        }
        return Checkpoint(configuration, parameters: values, options: options)
    }
}

extension TorchNode {
    /// The options and figures of a run, as the checkpoint had them, for those who look at the new one.
    func options(_ names: [String]) -> [String: String] {
        func text(_ node: TorchNode) -> String? {
            node.text ?? node.number.map { Int(exactly: $0).map(String.init) ?? "\($0)" }
        }
        let options = (self["opt"]?.fields ?? []).compactMap { name, node in
            text(node).map { (String(decoding: name, as: UTF8.self), $0) }
        }
        let figures = names.compactMap { name in self[name].flatMap(text).map { (name, $0) } }
        return Dictionary(options + figures) { $1 }
    }
}
