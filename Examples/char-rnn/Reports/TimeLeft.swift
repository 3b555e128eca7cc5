import Glibc

/// The time that other work has left, by how fast it goes since something of it was done. What it begins with, such as reading
/// what is to be worked on, tells nothing of the rest.
public struct Pace {
    /// When something was done for the first time, and how much.
    private var first: (seconds: Double, fraction: Double)?

    /// - Parameter isWorking: whether it begins with the work itself.
    public init(isWorking: Bool = false) { first = isWorking ? (0, 0) : nil }

    /// In seconds; nil until it has gone on for a second.
    ///
    /// - Parameters:
    ///   - fraction: the share that is done, from 0 to 1.
    ///   - seconds: the time since the work began.
    public mutating func secondsLeft(at fraction: Double, after seconds: Double) -> Double? {
        guard let first else {
            if fraction > 0 { first = (seconds, fraction) }
            return nil
        }
        let (time, share) = (seconds - first.seconds, fraction - first.fraction)
        return time >= 1 && share > 0 ? time * (1 - fraction) / share : nil
    }
}

/// The time that a training has left, with the validations and checkpoints that are still to come. It does not jump: a step
/// counts little against the minutes before it.
public struct TimeLeft {
    private let first, last: Int
    /// The iterations from one pause of the training to the next.
    private let pauseEvery: Int
    /// The steps that a validation takes as long as, until one has been seen.
    private let pauseEstimate: Double
    private var iteration: Int
    private var reports = 0
    /// The steps lately and their time; those long ago count less.
    private var steps = 0.0, stepSeconds = 0.0
    /// The mean time of a step lately, in seconds.
    public var secondsPerStep: Double { steps > 0 ? stepSeconds / steps : 0 }
    private var pauseSeconds = 0.0
    private var lastPause = 0

    /// A mean of so many seconds follows a machine that becomes slower, and no single step.
    private static let memory = 120.0

    /// - Parameters:
    ///   - first: the steps taken before.
    ///   - last: the step with which the training ends.
    ///   - validationBatches: those of a validation, which learns nothing and takes a third of the time.
    public init(first: Int, last: Int, pauseEvery: Int, validationBatches: Int) {
        self.first = first
        self.last = last
        self.pauseEvery = pauseEvery
        pauseEstimate = Double(validationBatches) / 3
        iteration = first
    }

    /// Takes note of the steps up to `iteration`, and of the mean time that they took.
    public mutating func add(stepsTo iteration: Int, secondsPerStep: Double) {
        let count = Double(max(1, iteration - self.iteration))
        let seconds = secondsPerStep * count
        self.iteration = iteration
        reports += 1
        // In the time of the first steps drivers compile; what comes second takes its place.
        let share = reports > 2 ? exp(-seconds / Self.memory) : 0
        steps = share * steps + count
        stepSeconds = share * stepSeconds + seconds
    }

    /// Takes note of a pause after the step `iteration`, and of the time since what was told before. One before the
    /// first step is not among those that are still to come.
    public mutating func add(pauseAt iteration: Int, seconds: Double) {
        guard iteration > first else { return }
        let steps = iteration - max(self.iteration, lastPause)
        pauseSeconds += max(0, seconds - secondsPerStep * Double(max(0, steps)))
        lastPause = iteration
    }

    /// Whether enough steps have been seen. The first takes many times as long as those after it, where a driver compiles.
    public var isKnown: Bool { reports > 1 || iteration - first >= Self.fewSteps }
    private static let fewSteps = 20

    /// In seconds.
    public var seconds: Double {
        let pausesSeen = iteration / pauseEvery - first / pauseEvery
        let pause =
            pausesSeen > 0 && pauseSeconds > 0 ? pauseSeconds / Double(pausesSeen) : pauseEstimate * secondsPerStep
        // The last step is followed by one, too.
        let pausesLeft = (last - 1) / pauseEvery - iteration / pauseEvery + 1
        return Double(last - iteration) * secondsPerStep + Double(max(0, pausesLeft)) * pause
    }
}
