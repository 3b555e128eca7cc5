import FoundationEssentials
import OpenCLCompute

extension Checkpoint {
    /// Writes a folder that PyTorch works with: `weights.safetensors`, which is this checkpoint without its run, and
    /// `model.py`, which rebuilds the network from it and lets it write. An embedding is ``folded``.
    ///
    /// - Throws: `FileError`, also when another `model.py` is there.
    public func writePyTorch(to folder: URL) throws {
        try ProgramFolder(url: folder, program: ("model.py", pyTorchScript)).write {
            try folded.write(to: folder.appendingPathComponent("weights.safetensors"))
        }
    }

    /// The weights that PyTorch saved: the state dictionary of a module with an `nn.LSTM` or `nn.RNN`, or the Mogrifier of
    /// ``writePyTorch(to:)``, and an `nn.Linear`, with or without an `nn.Embedding`, as `torch.save`, `safetensors.torch.save_file` or `save_model` writes
    /// it, alone or among other things of a run. The names of the modules do not matter, nothing in the file is run. The
    /// embedding is folded into the first layer's weights; biases that are not there are zero; weight norm is undone;
    /// numbers of 16 and 64 bits become those of 32.
    ///
    /// What a state dictionary does not tell comes from elsewhere: the tokens, and of some cells the equations. Three
    /// gates are a GRU, but `torch.nn.GRU` computes with other equations; `cell` has to say that the module was that of
    /// ``writePyTorch(to:)``. One gate is an RNN of tanh or of relu; `cell` has to say that it is of tanh. Counters and
    /// class weights are ignored; ``options`` names them as `ignored`.
    ///
    /// - Parameters:
    ///   - file: of PyTorch, or a state dictionary as safetensors.
    ///   - vocabulary: the tokens of the decoder's rows.
    ///   - order: for each row of the decoder its token's number in the vocabulary; nil when row n is of token n.
    ///   - cell: what the layers are; nil to tell it from the shapes.
    /// - Throws: ``CheckpointError``, also for a minGRU, which is not read from a state dictionary.
    public init(
        pyTorch file: URL, vocabulary: Vocabulary, order: [Int]? = nil, cell: RecurrentCell? = nil
    ) throws {
        try self.init(
            pyTorch: SafeTensors.bytes(of: file), path: file.path, vocabulary: vocabulary, order: order, cell: cell)
    }

    /// The same from the bytes of a file; errors call it `path`.
    ///
    /// - Throws: ``CheckpointError``.
    package init(
        pyTorch data: Data, path: String, vocabulary: Vocabulary, order: [Int]? = nil, cell: RecurrentCell? = nil
    ) throws {
        let order = order ?? Array(0..<vocabulary.count)
        precondition(
            order.sorted() == Array(0..<vocabulary.count),
            "an order that does not name each of the \(vocabulary.count) tokens once")
        do {
            if let cell, !StateDictionaryNetwork.cells.contains(cell) {
                throw StateDictionaryFault(StateDictionaryNetwork.reason(for: cell))
            }
            let network = try StateDictionaryNetwork(StateDictionary(data, path: path))
            guard cell ?? network.cell == network.cell else {
                throw StateDictionaryFault("its layers are of \(network.cell.title), not of \(cell!.title)")
            }
            // Shapes do not tell the equations of these.
            guard cell != nil || ![.gru, .rnn].contains(network.cell) else {
                throw CheckpointError.ambiguousCell(path: path, network.cell)
            }
            guard vocabulary.count > 0, network.vocabularySize == vocabulary.count else {
                throw StateDictionaryFault(
                    "its decoder has the shape \(network.decoder.shape), the vocabulary has \(vocabulary.count) tokens")
            }
            let configuration = LanguageModel.Configuration(
                cell: network.cell, vocabulary: vocabulary, hiddenSize: network.hiddenSize,
                layerCount: network.layerCount)
            try self.init(configuration, tensors: network.tensors(order: order))
            if !network.ignored.isEmpty { options["ignored"] = network.ignored.joined(separator: ", ") }
        } catch let fault as StateDictionaryFault {
            throw CheckpointError.stateDictionary(path: path, reason: fault.reason)
        }
    }
}
