/// What a recurrent layer adds to its input product W·x.
public struct RecurrentWeights: Sendable {
    /// U, with which states are multiplied from the right: H × ``RecurrentCell/recurrentMatrixCount``·H.
    public let recurrent: Matrix
    /// The bias of the input product: G·H.
    public let inputBias: Buffer<Float>
    /// The bias of the recurrent product: G·H, or nothing.
    public let recurrentBias: Buffer<Float>
    /// U in the parts by which a step multiplies, in its order, as ``mapFactors(of:_:)`` has made them.
    private(set) var factors: [Matrix]?

    public init(recurrent: Matrix, inputBias: Buffer<Float>, recurrentBias: Buffer<Float>) {
        precondition(
            recurrentBias.count == (recurrent.columns == 0 ? 0 : inputBias.count),
            "biases of \(inputBias.count) and \(recurrentBias.count) for recurrent weights of \(recurrent.shape)")
        self.recurrent = recurrent
        self.inputBias = inputBias
        self.recurrentBias = recurrentBias
    }

    /// The same, with each part by which a step multiplies changed by itself. So every product finds its own in whole panels,
    /// wherever its columns begin.
    package func mapFactors(of cell: RecurrentCell, _ change: (Matrix) throws -> Matrix) rethrows -> RecurrentWeights {
        var result = self
        let factors = factors ?? cell.factorColumns(hiddenSize: recurrent.rows).map(recurrent.columns)
        result.factors = try factors.map(change)
        return result
    }
}
