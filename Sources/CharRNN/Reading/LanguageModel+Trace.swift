import CharRNNFiles
import OpenCLCompute

extension LanguageModel {
    /// Reads a text and keeps what goes on in the layers meanwhile.
    ///
    /// It needs four bytes for each activation: of a text of T tokens T·H for each part of each layer, gates being a part
    /// each. A part that the cell has not, such as ``Trace/Part/cell`` of a plain RNN, is left out.
    ///
    /// - Parameters:
    ///   - text: what is read.
    ///   - layers: counted from 0; all when nil.
    ///   - parts: none to keep the predictions alone.
    ///   - likeliest: how many of the likeliest tokens each ``Prediction`` names; the size of the vocabulary for whole
    ///     distributions.
    ///   - session: what has been read before; nothing when nil. It stays as it is.
    /// - Throws: ``VocabularyError`` for a character that the model does not know; `CancellationError` when the task is
    ///   cancelled; ``BrokenModelError``, ``ChangedModelError``, `DeviceError`.
    public func trace(
        of text: String, layers: [Int]? = nil, parts: [Trace.Part] = [.hidden], likeliest: Int = 5,
        after session: Session? = nil
    ) throws -> Trace {
        try trace(
            of: try vocabulary.encode(text), layers: layers, parts: parts, likeliest: likeliest, after: session)
    }

    /// The same of tokens. One that the vocabulary has not is a programmer error.
    ///
    /// - Throws: `CancellationError` when the task is cancelled; ``BrokenModelError``, ``ChangedModelError``, `DeviceError`.
    public func trace(
        of tokens: some Collection<Int>, layers: [Int]? = nil, parts: [Trace.Part] = [.hidden], likeliest: Int = 5,
        after session: Session? = nil
    ) throws -> Trace {
        let tokens = Array(tokens)
        for token in tokens { vocabulary.check(token) }
        let layers = layers ?? Array(0..<configuration.layerCount)
        precondition(
            layers.allSatisfy { (0..<configuration.layerCount).contains($0) },
            "layers \(layers) of a model of \(configuration.layerCount), which are counted from 0")
        precondition(likeliest >= 0, "the \(likeliest) likeliest tokens")
        var recorder = TraceRecorder(
            configuration.cell, layers: layers, parts: parts, hiddenSize: configuration.hiddenSize)
        let named = min(likeliest, vocabulary.count)
        let values = Double(recorder.activations.count * configuration.hiddenSize) + Double(4 * named + 8)
        try HostMemory.require(Int(min(4 * values * Double(tokens.count), 0x1p62)))
        var predictions: [Prediction] = []
        recorder.reserve(tokens.count)
        predictions.reserveCapacity(tokens.count)

        let reader = try SequenceReader(
            parameters, texts: 1, longest: tokens.count, start: start(after: session))
        try reader.read([tokens[...]], for: .logits) { block, network in
            try recorder.record(network, steps: block.count)
            let logits = try network.backend.read(network.logits.elements)
            try logits.withUnsafeBufferPointer { logits in
                let size = vocabulary.count
                for (row, position) in block.enumerated() {
                    predictions.append(
                        try Prediction(
                            logits: UnsafeBufferPointer(rebasing: logits[row * size..<(row + 1) * size]),
                            following: position + 1 < tokens.count ? tokens[position + 1] : nil, count: named))
                }
            }
        }
        return Trace(
            vocabulary: vocabulary, tokens: tokens, activations: recorder.activations.map(\.finished),
            predictions: predictions)
    }
}

/// Collects the activations of one text, block after block.
private struct TraceRecorder {
    struct Record {
        let layer: Int
        let part: Trace.Part
        let unitCount: Int
        var values: [Float] = []

        var finished: Trace.Activations {
            Trace.Activations(layer: layer, part: part, unitCount: unitCount, values: values)
        }
    }

    private let cell: RecurrentCell
    private(set) var activations: [Record]

    init(_ cell: RecurrentCell, layers: [Int], parts: [Trace.Part], hiddenSize: Int) {
        self.cell = cell
        let all = [.hidden] + (cell.carriesMemory ? [.cell] : []) + cell.gateNames.map(Trace.Part.gate)
        let wanted = all.filter { part in
            if case .gate = part, parts.contains(.gates) { return true }
            return parts.contains(part)
        }
        activations = Set(layers).sorted().flatMap { layer in
            wanted.map { Record(layer: layer, part: $0, unitCount: hiddenSize) }
        }
    }

    mutating func reserve(_ steps: Int) {
        for index in activations.indices {
            activations[index].values.reserveCapacity(steps * activations[index].unitCount)
        }
    }

    /// Adds the first `steps` rows of what the network's last pass has left.
    mutating func record(_ network: UnrolledNetwork, steps: Int) throws {
        var gates: (layer: Int, values: [Float])?
        for index in activations.indices {
            let (layer, h) = (activations[index].layer, activations[index].unitCount)
            switch activations[index].part {
            case .hidden: activations[index].values += try network.outputs(of: layer).prefix(steps * h)
            case .cell: activations[index].values += try network.memory(of: layer).prefix(steps * h)
            case .gate(let name):
                if gates?.layer != layer { gates = (layer, try network.gates(of: layer)) }
                let first = cell.gateNames.firstIndex(of: name)! * h
                for step in 0..<steps {
                    let start = step * cell.gateCount * h + first
                    activations[index].values += gates!.values[start..<start + h]
                }
            case .gates: preconditionFailure("all gates are recorded as one")
            }
        }
    }
}
