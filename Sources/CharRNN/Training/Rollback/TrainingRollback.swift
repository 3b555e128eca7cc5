import FoundationEssentials

/// What can go wrong in a step.
public enum TrainingFault: Equatable, Sendable, CustomStringConvertible {
    /// A measurement is infinite or no number.
    case notFinite(String, Float)
    /// A loss is worse than knowing nothing, and above twice the mean of those before it.
    case leap(Float, mean: Float)

    public var description: String {
        switch self {
        case .notFinite(let what, let value): "the \(what) is \(value.isNaN ? "nan" : "\(value)")"
        case .leap(let loss, let mean): "the loss leaps from \(fixed(Double(mean), 2)) to \(fixed(Double(loss), 2))"
        }
    }
}

/// A return to the last good state, told by a ``TrainingGuard``.
public struct TrainingRollback: Equatable, Sendable, CustomStringConvertible {
    /// What was wrong.
    public let fault: TrainingFault
    /// Where the fault was.
    public let iteration: Int
    /// Where the run stands again.
    public let goodIteration: Int
    /// The rate of the next step, half of what it was.
    public let learningRate: Float

    public var description: String {
        "\(fault) at iteration \(iteration): back to iteration \(goodIteration), with half the learning rate, "
            + "\(learningRate)"
    }
}

/// Why a ``TrainingGuard`` has given a run up.
public struct TrainingDivergence: Error, Equatable, CustomStringConvertible {
    /// What was wrong.
    public let fault: TrainingFault
    /// Where the fault was.
    public let iteration: Int
    /// The last good state.
    public let goodIteration: Int
    /// How often the run went back there.
    public let returns: Int

    public var description: String {
        let fact = "\(fault) at iteration \(iteration)"
        return returns == 0
            ? fact : "\(fact), after \(returns) returns to iteration \(goodIteration), each with half the learning rate"
    }
}

extension TrainingDivergence: LocalizedError {
    public var errorDescription: String? { description }
}
