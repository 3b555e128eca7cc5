import CharRNNFiles
import FoundationEssentials
import Glibc
import OpenCLCompute

extension Checkpoint {
    /// Writes a folder that PyTorch works with: `weights.safetensors`, which is this checkpoint without its run, and
    /// `model.py`, which rebuilds the network from it and lets it write.
    ///
    /// - Throws: `FileError`, also when another `model.py` is there.
    public func writePyTorch(to folder: URL) throws {
        let isFolder = mkdir(folder.path, 0o777) == 0 || errno == EEXIST
        guard isFolder else { throw FileError.writing(folder) }
        let program = folder.appendingPathComponent("model.py")
        let other = try? Data(contentsOf: program)
        guard other == nil || other == Data(pyTorchScript.utf8) else {
            throw FileError(
                action: "write", path: program.path,
                reason: "another program of that name is there; name another folder")
        }
        try Checkpoint(configuration, parameters: parameters, options: options)
            .write(to: folder.appendingPathComponent("weights.safetensors"))
        try AtomicFile.write(Data(pyTorchScript.utf8), to: program)
    }

    /// The weights that PyTorch saved: the state dictionary of a module with an `nn.LSTM` or `nn.RNN` and an
    /// `nn.Linear`, as `safetensors.torch.save_file` writes it. The names of the two do not matter.
    ///
    /// A state dictionary has no tokens, so they come from elsewhere. Three gates are a GRU, but `torch.nn.GRU`
    /// computes with other equations; `cell` has to say that the module was that of ``writePyTorch(to:)``.
    ///
    /// - Parameters:
    ///   - vocabulary: token n belongs to row n of the decoder.
    ///   - cell: what the layers are; nil to tell it from the shapes.
    /// - Throws: ``CheckpointError``.
    public init(pyTorch file: URL, vocabulary: Vocabulary, cell: RecurrentCell? = nil) throws {
        try self.init(pyTorch: SafeTensors.bytes(of: file), path: file.path, vocabulary: vocabulary, cell: cell)
    }

    /// The same from the bytes of a file; errors call it `path`.
    ///
    /// - Throws: ``CheckpointError``.
    package init(pyTorch data: Data, path: String, vocabulary: Vocabulary, cell: RecurrentCell? = nil) throws {
        func fail(_ reason: String) -> CheckpointError { .stateDictionary(path: path, reason: reason) }
        let tensors = NamedTensors(try Self.renamed(try SafeTensors(data, path: path).tensors, fail), path: path)
        guard let shape = tensors.shape("rnn.weight_hh_l0"), let decoder = tensors.shape("decoder.weight") else {
            throw fail("it has no matrix 'weight_hh_l0' or none of a decoder")
        }
        let cells = RecurrentCell.allCases.filter {
            $0.hasRecurrentProduct && shape.count == 2 && shape[1] > 0 && shape[0] % $0.gateCount == 0
                && shape[0] / $0.gateCount == shape[1]
        }
        guard let found = cells.first else {
            throw fail("its 'weight_hh_l0' has the shape \(shape), which no cell has")
        }
        guard cell ?? found == found else { throw fail("its layers are of \(found), not of \(cell!)") }
        guard found.isPyTorchs || cell == found else { throw CheckpointError.ambiguousGRU(path: path) }
        guard vocabulary.count > 0, decoder.first == vocabulary.count else {
            throw fail("its decoder has the shape \(decoder), the vocabulary has \(vocabulary.count) tokens")
        }
        let configuration = LanguageModel.Configuration(
            cell: found, vocabulary: vocabulary, hiddenSize: shape[1],
            layerCount: tensors.names.count { $0.hasPrefix("rnn.weight_hh_l") })
        let layout = configuration.layout
        if let other = Set(tensors.names).subtracting(layout.entries.map(\.name)).min() {
            throw fail("it has '\(other)', which such a network has not")
        }
        self.init(configuration, parameters: try layout.values(from: tensors))
    }

    /// The tensors under our names: PyTorch's recurrent modules name theirs with the layer, linear ones do not.
    private static func renamed(
        _ tensors: [Tensor], _ fail: (String) -> CheckpointError
    ) throws -> [Tensor] {
        var originals: [String: String] = [:]
        return try tensors.map { tensor in
            let base = tensor.name.split(separator: ".").last ?? ""
            let name = (["weight", "bias"].contains(base) ? "decoder." : "rnn.") + base
            if let other = originals.updateValue(tensor.name, forKey: name) {
                throw fail(
                    "'\(other)' and '\(tensor.name)' could both be '\(name)'; one module of each kind is understood")
            }
            return Tensor(name: name, shape: tensor.shape, values: tensor.values)
        }
    }
}
