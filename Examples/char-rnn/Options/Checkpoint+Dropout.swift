import CharRNN

extension Checkpoint {
    /// The weights, without a run, for another dropout.
    func with(dropout: Float) throws -> Checkpoint {
        var configuration = configuration
        configuration.dropout = dropout
        return try Checkpoint(configuration, tensors: tensors)
    }
}
