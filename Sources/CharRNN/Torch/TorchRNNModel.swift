extension ImportedModel {
    /// The model of jcjohnson/torch-rnn whose checkpoint is `root`.
    ///
    /// Its tokens enter through an embedding, its layers have one bias, and there may be batch normalisation between
    /// them. All of that is linear in a trained model, so our weights take it in: a token's row of W is its vector
    /// times W, the second bias is zero, and each matrix above a normalisation scales its inputs by it. Products and
    /// sums are formed in double precision and rounded once.
    ///
    /// - Throws: ``TorchFault``.
    init(torchRNN root: TorchNode) throws {
        let model = root["model"]!
        let pairs = (model["idx_to_token"]?.elements ?? []).map { (number: $0.number, token: $0.node.string ?? []) }
        let vocabulary = try ImportedVocabulary(scalarsOrNumberedBytes: pairs)
        var builder = TorchRNNBuilder(
            vocabularySize: vocabulary.numbers.count, numbersLeft: root.file.data.count / 4)
        for (_, module) in model["net"]?["modules"]?.elements ?? [] { try builder.add(module) }
        let network = try builder.finish()
        self.init(
            cell: network.cell, vocabulary: vocabulary, hiddenSize: network.hiddenSize, dropout: root.dropout,
            matrices: network.matrices, options: root.options(["i"]))
    }

    static func isTorchRNN(_ root: TorchNode) -> Bool { root["model"]?.className == "nn.LanguageModel" }
}

/// Takes the modules of torch-rnn's network from the bottom up.
private struct TorchRNNBuilder {
    let vocabularySize: Int
    private var cell: RecurrentCell?
    private var hiddenSize = 0
    private var matrices: [ImportedModel.Matrix] = []
    private var isComplete = false
    /// A file may name the same module many times; what comes of it must not outgrow the file.
    private var numbersLeft: Int
    /// What enters the next module, in terms of the one-hot token or of the layer below.
    private var input = Input.nothing

    private enum Input {
        case nothing
        /// The token's row of vectors × width.
        case embedding([Float], width: Int)
        /// The outputs of the layer below, each times its scale, plus its shift.
        case layer(scale: [Double], shift: [Double])
    }

    init(vocabularySize: Int, numbersLeft: Int) {
        self.vocabularySize = vocabularySize
        self.numbersLeft = numbersLeft
    }

    mutating func add(_ module: TorchNode) throws {
        guard !isComplete || module.className == "nn.View" else { throw unexpected(module) }
        switch (module.className, input) {
        case ("nn.View", _), ("nn.Dropout", _): break
        case ("nn.LookupTable", .nothing):
            let width = try module.size("weight", 1)
            input = .embedding(
                try module.values("weight", [vocabularySize, width], "embedding"), width: width)
        case ("nn.LSTM", .embedding), ("nn.LSTM", .layer): try addLayer(module, .lstm)
        case ("nn.VanillaRNN", .embedding), ("nn.VanillaRNN", .layer): try addLayer(module, .rnn)
        case ("nn.BatchNormalization", .layer(let scale, let shift)):
            input = try normalized(module, scale, shift)
        case ("nn.Linear", .layer):
            let weights = try module.values("weight", [vocabularySize, hiddenSize], "decoder")
            let bias = try module.values("bias", [vocabularySize], "decoder's bias")
            let h = hiddenSize
            matrices.append(matrix(h, vocabularySize, bias) { Double(weights[$0 * h + $1]) })
            isComplete = true
        default: throw unexpected(module)
        }
    }

    func finish() throws -> (cell: RecurrentCell, hiddenSize: Int, matrices: [ImportedModel.Matrix]) {
        guard let cell, isComplete else { throw TorchFault.foreign("its network has no layers or no decoder") }
        return (cell, hiddenSize, matrices)
    }

    /// One matrix (inputs + H) × G·H, the inputs' rows first, and one bias.
    private mutating func addLayer(_ module: TorchNode, _ kind: RecurrentCell) throws {
        let inputs = if case .embedding(_, let width) = input { width } else { hiddenSize }
        let h = try module.size("weight", 1) / kind.gateCount
        guard cell == nil || cell == kind && hiddenSize == h else { throw unexpected(module) }
        let width = kind.gateCount * h
        let weights = try module.values("weight", [inputs + h, width], "\(kind) layer")
        let bias = try module.values("bias", [width], "\(kind) layer's bias")
        try take((inputs + h) * width)
        if cell == nil, vocabularySize > numbersLeft / h { throw Self.tooLarge }  // the decoder is still to come
        let tokensOrUnits = cell == nil ? vocabularySize : h
        cell = kind
        hiddenSize = h
        matrices.append(matrix(tokensOrUnits, width, bias) { Double(weights[$1 * width + $0]) })
        matrices.append(
            ImportedModel.Matrix(
                inputs: h, outputs: width, weights: transposed(weights[(inputs * width)...], rows: h),
                bias: [Float](repeating: 0, count: width)))
        input = .layer(scale: [Double](repeating: 1, count: h), shift: [Double](repeating: 0, count: h))
    }

    /// The matrix that gives `outputs` from what the module's own input is made of.
    ///
    /// - Parameter weight: of an output and one of the module's own inputs.
    private func matrix(
        _ inputs: Int, _ outputs: Int, _ bias: [Float], _ weight: (Int, Int) -> Double
    ) -> ImportedModel.Matrix {
        var weights: [Float] = []
        var biases = bias
        weights.reserveCapacity(inputs * outputs)
        for output in 0..<outputs {
            switch input {
            case .nothing: preconditionFailure("a matrix without inputs")
            case .embedding(let vectors, let width):
                let row = (0..<width).map { weight(output, $0) }
                for token in 0..<inputs {
                    var sum = 0.0
                    for d in 0..<width { sum += Double(vectors[token * width + d]) * row[d] }
                    weights.append(Float(sum))
                }
            case .layer(let scale, let shift):
                var sum = Double(bias[output])
                for unit in 0..<inputs {
                    weights.append(Float(weight(output, unit) * scale[unit]))
                    sum += weight(output, unit) * shift[unit]
                }
                biases[output] = Float(sum)
            }
        }
        return ImportedModel.Matrix(inputs: inputs, outputs: outputs, weights: weights, bias: biases)
    }

    /// (x − mean) / √(variance + ε), then times a weight plus a bias when the module has them.
    private mutating func normalized(_ module: TorchNode, _ scale: [Double], _ shift: [Double]) throws -> Input {
        func values(_ field: String) throws -> [Double] {
            try module.values(field, [hiddenSize], "normalisation's \(field)").map(Double.init)
        }
        func values(_ field: String, otherwise: Double) throws -> [Double] {
            module[field]?.tensor == nil ? [Double](repeating: otherwise, count: hiddenSize) : try values(field)
        }
        try take(hiddenSize)
        let epsilon = module["eps"]?.number ?? 1e-5
        // Torch before 2016 kept the reciprocal of the deviation under the name running_std.
        let reciprocal =
            module["running_std"]?.tensor == nil
            ? try values("running_var").map { 1 / ($0 + epsilon).squareRoot() } : try values("running_std")
        let mean = try values("running_mean")
        let factor = zip(try values("weight", otherwise: 1), reciprocal).map { $0 * $1 }
        let offset = try values("bias", otherwise: 0)
        return .layer(
            scale: zip(scale, factor).map { $0 * $1 },
            shift: (0..<hiddenSize).map { (shift[$0] - mean[$0]) * factor[$0] + offset[$0] })
    }

    /// Of rows × G·H.
    private func transposed(_ matrix: ArraySlice<Float>, rows: Int) -> [Float] {
        let columns = matrix.count / rows
        return (0..<columns).flatMap { column in
            (0..<rows).map { matrix[matrix.startIndex + $0 * columns + column] }
        }
    }

    private mutating func take(_ numbers: Int) throws {
        numbersLeft -= numbers
        guard numbersLeft >= 0 else { throw Self.tooLarge }
    }

    private static let tooLarge = TorchFault.foreign("its network has more numbers than the file")

    private func unexpected(_ module: TorchNode) -> TorchFault {
        .foreign("its network has \(module) where torch-rnn has none")
    }
}

extension TorchNode {
    /// A dimension of a module's matrix.
    fileprivate func size(_ field: String, _ dimension: Int) throws -> Int {
        guard let sizes = self[field]?.tensor?.sizes, sizes.count == 2, sizes[dimension] > 0 else {
            throw TorchFault.foreign("its \(className ?? "module") has no matrix '\(field)'")
        }
        return sizes[dimension]
    }
}
