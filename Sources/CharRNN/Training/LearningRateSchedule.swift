import Glibc

/// How the learning rate goes over a run whose end is known, be it a step or an hour: a factor for each step.
public struct LearningRateSchedule: Codable, Hashable, Sendable {
    /// How the factor falls from 1.
    public enum Fall: Codable, Hashable, Sendable {
        case none
        /// Along half a cosine to 0 at the end (Loshchilov and Hutter 2017).
        case cosine
        /// In a straight line to 0 over the last share of the run; with 1 over all of it.
        case linear(overLast: Double = 1)
    }

    /// The first steps, over which the factor rises in a straight line.
    public var warmUp: Int
    /// What the factor does afterwards.
    public var fall: Fall

    /// Without arguments the factor is 1 throughout.
    public init(warmUp: Int = 0, fall: Fall = .none) {
        self.warmUp = warmUp
        self.fall = fall
    }

    /// The factor of a step.
    ///
    /// - Parameters:
    ///   - iteration: the number of the step, from 1.
    ///   - progress: the share of the run that is over before it: 0 ≤ p ≤ 1.
    public func factor(ofStep iteration: Int, progress: Double) -> Float {
        let progress = min(max(progress, 0), 1)
        let height: Double =
            switch fall {
            case .none: 1
            case .cosine: (1 + cos(.pi * progress)) / 2
            case .linear(let share): min(1, (1 - progress) / share)
            }
        return Float(height * min(1, Double(iteration) / Double(max(1, warmUp))))
    }

    /// Whether the rate is 0 at the end of the run.
    public var falls: Bool { fall != .none }

    var isValid: Bool {
        if case .linear(let share) = fall { warmUp >= 0 && share > 0 && share <= 1 } else { warmUp >= 0 }
    }
}
