import FoundationEssentials

extension Checkpoint {
    /// The model in a Torch file (`.t7`) of karpathy/char-rnn or jcjohnson/torch-rnn: its weights, and as ``options``
    /// those of the run that made it.
    ///
    /// - Throws: ``CheckpointError``.
    package init(torch data: Data, path: String) throws {
        do {
            let root = try TorchFile(data).rootNode
            if ImportedModel.isCharRNN(root) {
                self = try ImportedModel(charRNN: root).checkpoint()
            } else if ImportedModel.isTorchRNN(root) {
                self = try ImportedModel(torchRNN: root).checkpoint()
            } else {
                throw TorchFault.foreign("it holds \(root)")
            }
        } catch TorchFault.malformed(let reason) {
            throw CheckpointError.malformedTorch(path: path, reason: reason)
        } catch TorchFault.foreign(let reason) {
            throw CheckpointError.foreign(path: path, reason: reason)
        }
    }
}
