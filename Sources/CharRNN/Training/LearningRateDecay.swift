/// How the learning rate falls: by `factor` at the end of every epoch from number `firstEpoch` on.
public struct LearningRateDecay: Codable, Hashable, Sendable {
    /// 1 and above leave the rate as it is.
    public var factor: Float
    public var firstEpoch: Double

    public init(factor: Float = 0.97, firstEpoch: Double = 10) {
        self.factor = factor
        self.firstEpoch = firstEpoch
    }

    /// The rate after `iteration`, with so many iterations to an epoch.
    func rate(after iteration: Int, epochLength: Int, current: Float) -> Float {
        let isEpochEnd = iteration % epochLength == 0
        return isEpochEnd && factor < 1 && Double(iteration / epochLength) >= firstEpoch ? current * factor : current
    }
}
