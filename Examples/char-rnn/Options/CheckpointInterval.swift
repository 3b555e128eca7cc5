import ArgumentParser

/// From one checkpoint to the next: a number of iterations, or a time.
enum CheckpointInterval: CustomStringConvertible {
    case iterations(Int)
    case seconds(Double)

    private static let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600]

    /// Reads "1000", "90s", "5m" or "2h".
    ///
    /// - Throws: `ValidationError`.
    init(parsing text: String) throws {
        if let count = Int(text), count > 0 {
            self = .iterations(count)
        } else if let unit = text.last.flatMap({ Self.units[$0] }), let number = Double(text.dropLast()),
            number > 0, number.isFinite
        {
            self = .seconds(number * unit)
        } else {
            throw ValidationError("it must be a number of iterations, as 1000, or a time, as 90s, 5m or 2h.")
        }
    }

    var description: String {
        switch self {
        case .iterations(let count): "\(count)"
        case .seconds(let seconds): "\(seconds)s"
        }
    }
}

/// Tells when the next checkpoint is due.
struct CheckpointSchedule {
    /// How long to wait before a checkpoint that could not be written is tried again.
    private static let pause = Duration.seconds(60)

    let interval: CheckpointInterval
    private var start = ContinuousClock.now
    private var hasFailed = false

    init(_ interval: CheckpointInterval) { self.interval = interval }

    func isDue(at iteration: Int) -> Bool {
        if hasFailed, start.duration(to: .now) > Self.pause { return true }
        return switch interval {
        case .iterations(let count): iteration % count == 0
        case .seconds(let seconds): start.duration(to: .now).inSeconds >= seconds
        }
    }

    /// Waits anew, as training goes on.
    mutating func restart(afterFailure hasFailed: Bool) {
        start = .now
        self.hasFailed = hasFailed
    }
}
