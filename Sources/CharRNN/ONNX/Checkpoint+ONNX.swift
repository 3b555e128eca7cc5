import CharRNNFiles
import FoundationEssentials
import OpenCLCompute

extension Checkpoint {
    /// Writes the model as one ONNX file (https://onnx.ai), which ONNX Runtime and others compute on nearly anything; the
    /// run is left out. The article Models for other programs shows how.
    ///
    /// The graph takes `tokens` (whole numbers of 64 bits, T × B) and the state: `hidden`, and of an LSTM and a Mogrifier also `memory`
    /// (each L × B × H, zero at the beginning of a text). It gives `logits` (T × B × V), of which each row is of what
    /// follows its token, and the state after the last step in the order of the inputs: `next_hidden`, `next_memory`. T and
    /// B may be any. The metadata are `configuration`, `token_kind` and `vocabulary`, the list of the tokens in JSON.
    ///
    /// An embedding is ``folded``.
    ///
    /// - Throws: `FileError`, also for a model beyond the 2 GB of the format.
    public func writeONNX(to file: URL) throws {
        let model = folded
        // Beside the weights there are names and the vocabulary.
        guard model.parameterCount < (Int(Int32.max) - (16 << 20)) / 4 else {
            throw FileError(
                action: "write", path: file.path,
                reason: "the model has \(Count(model.parameterCount)) parameters, and an ONNX file holds at most 2 GB")
        }
        try AtomicFile.write(model.onnx(), to: file)
    }

    private func onnx() throws -> Data {
        let tensors = Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0) })
        let (layers, hiddenSize) = (configuration.layerCount, configuration.hiddenSize)
        let v = configuration.vocabulary.count
        let states = ONNXLayer.stateNames(configuration.cell)
        let stateShape: [ONNXGraph.Dimension] = [.size(layers), .named("streams"), .size(hiddenSize)]

        var graph = ONNXGraph(name: "char-rnn")
        graph.input("tokens", .int64, [.named("steps"), .named("streams")])
        for name in states { graph.input(name, .float, stateShape) }
        graph.output("logits", .float, [.named("steps"), .named("streams"), .size(v)])
        for name in states { graph.output("next_\(name)", .float, stateShape) }

        graph.constant("depth", [v], shape: [])
        graph.constant("off_on", [Float(0), 1], shape: [2])
        for name in states {
            graph.node(
                "Split", [name], to: (0..<layers).map { "\(name)_l\($0)" }, attributes: ["axis": .int(0)])
        }
        var output = graph.node("OneHot", ["tokens", "depth", "off_on"], to: ["one_hot"])
        var next: [[String]] = []
        for index in 0..<layers {
            let layer = ONNXLayer(
                index: index, hiddenSize: hiddenSize, input: output, states: states.map { "\($0)_l\(index)" },
                weights: { tensors["rnn.\($0)_l\(index)"]! })
            let result = layer.append(configuration.cell, to: &graph)
            output = result.output
            next.append(result.states)
        }
        for (place, name) in states.enumerated() {
            graph.node("Concat", next.map { $0[place] }, to: ["next_\(name)"], attributes: ["axis": .int(0)])
        }
        let decoder = tensors["decoder.weight"]!
        graph.constant("decoder_weight", decoder.values, shape: decoder.shape)
        graph.constant("decoder_bias", tensors["decoder.bias"]!.values, shape: [v])
        graph.node("Transpose", ["decoder_weight"], to: ["decoder"])
        graph.node("MatMul", [output, "decoder"], to: ["scores"])
        graph.node("Add", ["scores", "decoder_bias"], to: ["logits"])
        let vocabulary = configuration.vocabulary
        let tokens =
            try vocabulary.kind == .bytes
            ? JSON.text((0..<v).map { vocabulary.bytes(of: $0)[0] }) : JSON.text((0..<v).map { vocabulary[$0] })
        return graph.model(metadata: [
            "configuration": try JSON.text(configuration), "token_kind": vocabulary.kind.rawValue, "vocabulary": tokens,
        ])
    }
}
