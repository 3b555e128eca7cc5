import CharRNNFiles
import FoundationEssentials
import OpenCLCompute

// The metadata: "format"; "configuration", "options" and, when there is a run, "training", each as JSON; "precision" where
// the weights are of 8 bits. The tensors: the parameters, and of the run "training.<moment>.<parameter>",
// "training.state.hidden_l<layer>" (B × H), "training.state.memory_l<layer>" and "training.losses"; and where the
// parameters are averages, what is averaged as "training.weights.<parameter>".
extension Checkpoint {
    private static let format = "char-rnn checkpoint 1"

    /// Writes the file beside its place and renames it, so that it is there whole or not at all.
    ///
    /// - Throws: `FileError` with the system's reason, such as a full disk.
    public func write(to file: URL) throws {
        var contents = SafeTensors()
        contents.metadata["format"] = Self.format
        switch precision {
        case .float32: contents.tensors = configuration.layout.storedTensors(from: parameters)
        case .int8:
            configuration.layout.addQuantized(parameters, to: &contents)
            contents.metadata["precision"] = precision.rawValue
        }
        contents.metadata["configuration"] = try JSON.text(configuration)
        contents.metadata["options"] = try JSON.text(options)
        if let training {
            contents.metadata["training"] = try JSON.text(training.position)
            contents.tensors += training.tensors(configuration)
        }
        try contents.write(to: file)
    }

    /// Removes the hidden files that programs killed in the middle of ``write(to:)`` have left in a folder.
    static func removeLeftovers(in folder: URL) {
        AtomicFile.removeLeftovers(in: folder, extension: "safetensors")
    }

    /// Reads a checkpoint file, or a Torch file (`.t7`) of karpathy/char-rnn or jcjohnson/torch-rnn. Nothing in it is
    /// trusted: lengths, names and shapes are checked first.
    ///
    /// - Throws: ``CheckpointError``.
    public init(contentsOf file: URL) throws { try self.init(SafeTensors.bytes(of: file), path: file.path) }

    /// The same without the run that made the model, of which nothing is read.
    ///
    /// - Throws: ``CheckpointError``.
    init(modelOf file: URL) throws {
        try self.init(SafeTensors.bytes(of: file), path: file.path, withRun: false)
    }

    /// The same from the bytes of a file; errors call it `path`.
    ///
    /// - Throws: ``CheckpointError``.
    package init(_ data: Data, path: String, withRun: Bool = true) throws {
        if TorchFile.isLikely(data) {
            try self.init(torch: data, path: path)
        } else if let format = FileFormat(insteadOfCheckpoint: data) {
            throw format == .pyTorch
                ? CheckpointError.otherWeights(path: path, reason: "it is \(format.name)")
                : CheckpointError.metadata(path: path, reason: "it is \(format.name); \(format.adviceForCheckpoint)")
        } else {
            try self.init(SafeTensors(data, path: path), path: path, withRun: withRun)
        }
    }

    private init(_ contents: SafeTensors, path: String, withRun: Bool) throws {
        func fail(_ reason: String) -> CheckpointError { .metadata(path: path, reason: reason) }
        func decode<Value: Decodable>(_ type: Value.Type, _ key: String) throws -> Value {
            guard let text = contents.metadata[key] else { throw fail("its metadata has no '\(key)'") }
            do { return try JSON.decode(type, from: Data(text.utf8)) } catch {
                throw fail("its metadata '\(key)' cannot be decoded")
            }
        }
        guard let format = contents.metadata["format"] else {
            throw CheckpointError.otherWeights(path: path, reason: "its metadata names no format")
        }
        guard format == Self.format else { throw fail("its format is '\(format)'") }
        precision =
            try contents.metadata["precision"].map {
                guard let precision = WeightPrecision(rawValue: $0) else { throw fail("its precision is '\($0)'") }
                return precision
            } ?? .float32
        let list = precision == .int8 ? try contents.dequantized(path: path) : contents.tensors
        let tensors = NamedTensors(list, path: path)
        configuration = try decode(LanguageModel.Configuration.self, "configuration")
        guard configuration.isPlausible(forTensors: list.count) else {
            throw fail("its configuration does not fit its \(list.count) tensors")
        }
        parameters = try configuration.layout.values(from: tensors)
        options = try decode([String: String].self, "options")
        guard withRun, contents.metadata["training"] != nil, precision == .float32 else {
            training = nil
            return
        }
        let position = try decode(TrainingPosition.self, "training")
        guard position.isPlausible, position.options.unknownParameter(of: configuration.layout) == nil else {
            throw fail("its training position makes no sense")
        }
        training = try TrainingProgress(position, tensors, configuration)
    }
}

extension TrainingProgress {
    fileprivate func tensors(_ configuration: LanguageModel.Configuration) -> [StoredTensor] {
        var tensors: [StoredTensor] = []
        for (name, values) in zip(position.options.optimizer.momentNames, moments) {
            tensors += configuration.layout.storedTensors(from: values, prefix: "training.\(name).")
        }
        if let weights { tensors += configuration.layout.storedTensors(from: weights, prefix: "training.weights.") }
        func add(_ name: String, _ shape: [Int], _ values: [Float]) {
            tensors.append(StoredTensor(Tensor(name: "training.\(name)", shape: shape, values: values)))
        }
        let shape = [position.dataset.batchSize, configuration.hiddenSize]
        for layer in 0..<configuration.layerCount {
            add("state.hidden_l\(layer)", shape, state.hidden[layer])
            if configuration.cell.carriesMemory { add("state.memory_l\(layer)", shape, state.memory[layer]) }
        }
        add("losses", [losses.count], losses)
        return tensors
    }

    /// - Throws: ``CheckpointError`` for a tensor that is missing or of another shape.
    fileprivate init(
        _ position: TrainingPosition, _ tensors: NamedTensors, _ configuration: LanguageModel.Configuration
    ) throws {
        let streams = [position.dataset.batchSize, configuration.hiddenSize]
        let layers = 0..<configuration.layerCount
        self.position = position
        losses = try tensors.values("training.losses", shape: [position.iteration])
        moments = try position.options.optimizer.momentNames.map {
            try configuration.layout.values(from: tensors, prefix: "training.\($0).")
        }
        state = LanguageModel.State(
            hidden: try layers.map { try tensors.values("training.state.hidden_l\($0)", shape: streams) },
            memory: try layers.map {
                configuration.cell.carriesMemory
                    ? try tensors.values("training.state.memory_l\($0)", shape: streams) : []
            })
        weights = try position.options.averageDecay.map { _ in
            try configuration.layout.values(from: tensors, prefix: "training.weights.")
        }
    }
}

extension LanguageModel.Configuration {
    /// Whether a layout can be made of the sizes, for a file with so many tensors: no more layers than these, and nothing
    /// that overflows. What of it the file lacks, or has in other shapes, is told by name.
    fileprivate func isPlausible(forTensors count: Int) -> Bool {
        let sizes = [hiddenSize, layerCount, vocabulary.count, embeddingSize ?? 1]
        return sizes.allSatisfy { $0 > 0 } && dropout >= 0 && dropout < 1 && layerCount <= count
            && parameterEstimate <= 0x1p53
    }
}
