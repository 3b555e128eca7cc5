import OpenCLCompute

/// The modules of a state dictionary, told from the names and shapes of their parameters: an embedding or none, one
/// recurrent module and a linear decoder.
struct StateDictionaryNetwork {
    /// By their own names, such as `weight_ih_l0`.
    private(set) var recurrent: [String: Tensor] = [:]
    private var recurrentModule: String?
    let embedding: Tensor?
    let decoder: Tensor
    let decoderBias: Tensor?
    /// H, the columns of the first layer's recurrent weights.
    let hiddenSize: Int
    /// What is in the file and no part of the network.
    private(set) var ignored: [String] = []

    /// V, the rows of the decoder.
    var vocabularySize: Int { decoder.shape[0] }
    var layerCount: Int { recurrent.keys.count { $0.hasPrefix("weight_hh_l") } }
    let cell: RecurrentCell

    /// The cells that are read: how many matrices of H × H a layer has tells which it is, and a minGRU has none.
    static let cells = RecurrentCell.allCases.filter(\.hasRecurrentProduct)

    /// Why another cell is not read.
    static func reason(for cell: RecurrentCell) -> String {
        let titles = cells.map(\.title)
        return "a \(cell.title) is not read from a state dictionary; "
            + "\(titles.dropLast().joined(separator: ", ")) and \(titles.last!) are"
    }

    /// - Throws: ``StateDictionaryFault``.
    init(_ dictionary: StateDictionary) throws {
        var matrices: [String: Tensor] = [:]
        var vectors: [String: Tensor] = [:]
        for (name, tensor) in dictionary.tensors.sorted(by: { $0.key < $1.key }) {
            let (module, base) = StateDictionary.split(name)
            guard !module.hasPrefix("training.") else {
                throw StateDictionaryFault("it is one already, with a run: it has '\(name)'")
            }
            try Self.refuseOtherModules(name, base)
            guard tensor.values.allSatisfy(\.isFinite) else {
                throw StateDictionaryFault("its '\(name)' has a number that is NaN or infinite")
            }
            if Self.isRecurrent(base) {
                let other = recurrentModule ?? module
                guard other == module else {
                    throw StateDictionaryFault(
                        "it has two recurrent modules, '\(Self.title(other))' and '\(Self.title(module))'; a "
                            + "checkpoint has one, of any number of layers (num_layers)")
                }
                recurrentModule = module
                recurrent[base] = tensor
            } else if base == "weight", tensor.shape.count == 2 {
                matrices[module] = tensor
            } else if ["weight", "bias"].contains(base), tensor.shape.count == 1 {
                vectors[name] = tensor
            } else {
                throw StateDictionaryFault(
                    "it has '\(name)' of the shape \(tensor.shape), which such a network has not")
            }
        }
        guard let hidden = recurrent["weight_hh_l0"]?.shape else {
            // A minGRU that was written for PyTorch has no such matrix.
            let others = recurrent.isEmpty ? "" : "; \(Self.reason(for: .minGRU))"
            throw StateDictionaryFault("it has no LSTM, GRU or RNN: no matrix 'weight_hh_l0'\(others)")
        }
        let cell = Self.cells.first {
            hidden.count == 2 && hidden[1] > 0
                && hidden[0].quotientAndRemainder(dividingBy: hidden[1]) == ($0.recurrentMatrixCount, 0)
        }
        guard let cell else {
            throw StateDictionaryFault("its 'weight_hh_l0' has the shape \(hidden), which no cell has")
        }
        guard let inputs = recurrent["weight_ih_l0"]?.shape, inputs.count == 2 else {
            throw StateDictionaryFault("it has no tensor 'weight_ih_l0' with two sides")
        }
        self.cell = cell
        hiddenSize = hidden[1]
        let roles = try Self.roles(matrices, biases: vectors, inputs: inputs[1], hiddenSize: hidden[1])
        let decoder = matrices[roles.decoder]!
        self.decoder = decoder
        embedding = roles.embedding.map { matrices[$0]! }
        // Of a tied decoder that the file does not name there may be the bias under its name.
        let biases = vectors.filter {
            StateDictionary.split($0.key).base == "bias" && $0.value.shape == [decoder.shape[0]]
        }
        let tiedBias = roles.embedding == roles.decoder && biases.count == 1 ? biases.keys.first : nil
        decoderBias = vectors.removeValue(forKey: tiedBias ?? roles.decoder + "bias")
        for (name, tensor) in vectors.sorted(by: { $0.key < $1.key }) {
            guard Self.isClassWeight(name, tensor, vectors, count: decoder.shape[0], hidden[1], inputs[1]) else {
                throw StateDictionaryFault(
                    "it has '\(name)' of the shape \(tensor.shape), as of a LayerNorm, which such a network has not")
            }
            ignored.append(name)
        }
        for other in dictionary.others {
            guard other.shape.reduce(1, { $1 == 1 ? $0 : 0 }) == 1 else {
                throw StateDictionaryFault("its '\(other.name)' of the shape \(other.shape) is of \(other.type)")
            }
            ignored.append(other.name)
        }
        ignored.sort()
    }

    /// Whether it is the name of a layer's parameter: `weight_ih_l0`.
    private static func isRecurrent(_ base: String) -> Bool {
        let stem = ["weight_ih_l", "weight_hh_l", "bias_ih_l", "bias_hh_l"].first { base.hasPrefix($0) }
        let number = base.dropFirst(stem?.count ?? base.count)
        return !number.isEmpty && number.allSatisfy { $0.isASCII && $0.isNumber }
    }

    // MARK: What cannot be read

    private static func refuseOtherModules(_ name: String, _ base: String) throws {
        let reason: String? =
            switch base {
            case _ where base.hasSuffix("_reverse"): "it is bidirectional (bidirectional=True) and sees what follows"
            case _ where base.hasPrefix("weight_hr_l"): "its LSTM projects its outputs (proj_size)"
            case "weight_ih", "weight_hh", "bias_ih", "bias_hh":
                "it has a single step alone (LSTMCell, GRUCell or RNNCell), whose use the file does not tell"
            case "running_mean", "running_var": "it has a batch normalisation (BatchNorm)"
            case "in_proj_weight", "in_proj_bias": "it has an attention (MultiheadAttention)"
            case _ where name.contains("parametrizations.") || base == "weight_orig":
                "it has a parametrization that is not a weight norm, such as a spectral norm"
            default: nil
            }
        if let reason {
            throw StateDictionaryFault("\(reason): '\(name)'; a checkpoint has an embedding, layers and a decoder")
        }
    }

    /// Weights of the classes in a loss, which `nn.CrossEntropyLoss(weight=…)` leaves in the file of a module that owns
    /// it: as many as tokens, and no bias with them.
    private static func isClassWeight(
        _ name: String, _ tensor: Tensor, _ vectors: [String: Tensor], count: Int, _ sizes: Int...
    ) -> Bool {
        let (module, base) = StateDictionary.split(name)
        let isLoss = ["loss", "criterion"].contains { module.lowercased().contains($0) }
        return base == "weight" && tensor.shape == [count] && vectors[module + "bias"] == nil
            && (isLoss || !sizes.contains(count))
    }

    /// The modules of the matrices that are the decoder (V × H) and the embedding (V × inputs of the first layer).
    private static func roles(
        _ matrices: [String: Tensor], biases: [String: Tensor], inputs: Int, hiddenSize: Int
    ) throws -> (embedding: String?, decoder: String) {
        func shape(_ module: String) -> [Int] { matrices[module]!.shape }
        let modules = matrices.keys.sorted()
        let list = modules.map { "'\($0)weight' \(shape($0))" }.joined(separator: ", ")
        let decoders = modules.filter { shape($0)[1] == hiddenSize }
        switch modules.count {
        case 1 where decoders.count == 1:
            // Without an embedding characters are one-hot. Shapes that allow neither are of a decoder that is tied.
            if shape(modules[0])[0] == inputs { return (nil, modules[0]) }
            if inputs == hiddenSize { return (modules[0], modules[0]) }
        case 2:
            let pairs = decoders.map { decoder in (modules[decoder == modules[0] ? 1 : 0], decoder) }
            let fitting = pairs.filter { embedding, decoder in
                shape(embedding) == [shape(decoder)[0], inputs] && biases[embedding + "bias"] == nil
            }
            if fitting.count == 1 { return fitting[0] }
            if fitting.count == 2 {
                // Two of the same shape and no bias: one matrix twice, or told by their names.
                if matrices[modules[0]]!.values == matrices[modules[1]]!.values { return fitting[0] }
                let named = fitting.filter { $0.0.lowercased().contains("emb") && !$0.1.lowercased().contains("emb") }
                if named.count == 1 { return named[0] }
                throw StateDictionaryFault(
                    "each of \(list) could be the embedding; rename it to 'embedding.weight'")
            }
        default: break
        }
        throw StateDictionaryFault(
            "its matrices are \(list.isEmpty ? "missing" : list), where a decoder has \(hiddenSize) columns, and an "
                + "embedding \(inputs) columns and the same rows; nothing else can stand beside the layers")
    }

    /// A module's name for people.
    private static func title(_ module: String) -> String {
        module.isEmpty ? "weight_ih_l0" : String(module.dropLast())
    }
}
