/// What a recurrent layer adds to its input product W·x.
public struct RecurrentWeights: Sendable {
    /// U, with which states are multiplied from the right: H × ``RecurrentCell/recurrentMatrixCount``·H.
    public let recurrent: Matrix
    /// The bias of the input product: G·H.
    public let inputBias: Buffer<Float>
    /// The bias of the recurrent product: G·H, or nothing.
    public let recurrentBias: Buffer<Float>

    public init(recurrent: Matrix, inputBias: Buffer<Float>, recurrentBias: Buffer<Float>) {
        precondition(
            recurrentBias.count == (recurrent.columns == 0 ? 0 : inputBias.count),
            "biases of \(inputBias.count) and \(recurrentBias.count) for recurrent weights of \(recurrent.shape)")
        self.recurrent = recurrent
        self.inputBias = inputBias
        self.recurrentBias = recurrentBias
    }
}
