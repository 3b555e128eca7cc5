/// How the learning rate falls: by `factor` at the end of every epoch from number `firstEpoch` on.
public struct LearningRateDecay: Codable, Hashable, Sendable {
    /// 1 and above leave the rate as it is.
    public var factor: Float
    /// The passes over the training part before the rate first falls.
    public var firstEpoch: Double

    /// char-rnn's: by 3 % an epoch, from the tenth on.
    public init(factor: Float = 0.97, firstEpoch: Double = 10) {
        self.factor = factor
        self.firstEpoch = firstEpoch
    }

    /// The rate after so many batches, of which the last step has read `step`, with so many batches to an epoch.
    func rate(after batches: Int, step: Int, epochLength: Int, current: Float) -> Float {
        let epoch = batches / epochLength
        let isEpochEnd = epoch > (batches - step) / epochLength
        return isEpochEnd && factor < 1 && Double(epoch) >= firstEpoch ? current * factor : current
    }
}
