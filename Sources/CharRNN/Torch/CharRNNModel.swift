extension ImportedModel {
    /// The model of karpathy/char-rnn whose checkpoint is `root`.
    ///
    /// Names in its graph are no guide: they came late, and only LSTMs have them. What every version of it and of
    /// nngraph has is the order of the nodes.
    ///
    /// - Throws: ``TorchFault``.
    init(charRNN root: TorchNode) throws {
        let name = root["opt"]?["model"]?.text ?? "lstm"
        guard let cell = RecurrentCell(rawValue: name), cell.torchMatrices != nil else {
            throw TorchFault.foreign("its model is '\(name)', not lstm, gru or rnn")
        }
        let pairs = root["vocab"]!.fields.map { (number: $0.node.number ?? .nan, token: $0.name) }
        let vocabulary = try ImportedVocabulary(bytesOrScalars: pairs)
        let v = vocabulary.numbers.count

        let network = root["protos"]!["rnn"]!
        let linears = (network["forwardnodes"]?.elements ?? [])
            .compactMap { $0.node["data"]?["module"] }.filter { $0.className == "nn.Linear" }
        let layerCount = try Self.layerCount(cell, matrices: linears.count)
        let sizes = linears.last?["weight"]?.tensor?.sizes ?? []
        guard sizes.count == 2, sizes[0] == v, sizes[1] > 0 else {
            throw TorchFault.foreign("its decoder of size \(sizes) does not fit its vocabulary of \(v)")
        }
        // A file may name the same matrix many times; what comes of it must not outgrow the file.
        let configuration = LanguageModel.Configuration(
            cell: cell, vocabulary: vocabulary.vocabulary, hiddenSize: sizes[1], layerCount: layerCount)
        guard configuration.parameterEstimate <= Double(root.file.data.count) / 4 else {
            throw TorchFault.foreign("its network has more numbers than the file")
        }
        let places = TorchMatrix.all(configuration.layout)!  // or it would have no count of layers
        self.init(
            cell: cell, vocabulary: vocabulary, hiddenSize: sizes[1], dropout: root.dropout,
            matrices: try zip(linears, places).enumerated().map { index, pair in
                let (linear, place) = pair
                return try Matrix(linear, outputs: place.outputs, inputs: place.inputs, "matrix \(index + 1)")
            },
            options: root.options(["i", "epoch", "val_loss"]))
    }

    /// Whether a file's table is char-rnn's, whatever network it has.
    static func isCharRNN(_ root: TorchNode) -> Bool {
        root["vocab"]?.isTable == true && root["protos"]?["rnn"] != nil
    }
}

extension ImportedModel.Matrix {
    /// An `nn.Linear` of this size.
    ///
    /// - Throws: ``TorchFault``.
    init(_ linear: TorchNode, outputs: Int, inputs: Int, _ name: String) throws {
        self.init(
            inputs: inputs, outputs: outputs,
            weights: try linear.values("weight", [outputs, inputs], "\(name) weights"),
            bias: try linear.values("bias", [outputs], "\(name) bias"))
    }
}

extension TorchNode {
    /// The elements of a module's tensor.
    ///
    /// - Throws: ``TorchFault`` when it is missing or has another shape.
    func values(_ field: String, _ shape: [Int], _ name: String) throws -> [Float] {
        guard let tensor = self[field]?.tensor else { throw TorchFault.foreign("its \(name) is missing") }
        return try tensor.values(shape, in: file, name)
    }

    /// The probability of dropping a unit that the options name.
    var dropout: Float {
        let dropout = Float(self["opt"]?["dropout"]?.number ?? 0)
        return dropout >= 0 && dropout < 1 ? dropout : 0
    }
}
