/// From one checkpoint to the next.
public enum CheckpointInterval: Hashable, Sendable {
    case iterations(Int)
    case seconds(Double)
}

/// Tells when the next checkpoint is due.
struct CheckpointSchedule {
    /// How long to wait before a checkpoint that could not be written is tried again.
    private static let pause = Duration.seconds(60)

    private let interval: CheckpointInterval
    private var start = ContinuousClock.now
    private var hasFailed = false

    init(_ interval: CheckpointInterval) {
        switch interval {
        case .iterations(let count): precondition(count > 0, "a checkpoint every \(count) iterations")
        case .seconds(let seconds): precondition(seconds > 0, "a checkpoint every \(seconds) seconds")
        }
        self.interval = interval
    }

    func isDue(at iteration: Int) -> Bool {
        let passed = start.duration(to: .now)
        if hasFailed, passed > Self.pause { return true }
        return switch interval {
        case .iterations(let count): iteration % count == 0
        case .seconds(let seconds): passed / .seconds(1) >= seconds
        }
    }

    /// Waits anew, as training goes on.
    mutating func restart(afterFailure hasFailed: Bool) {
        start = .now
        self.hasFailed = hasFailed
    }
}
