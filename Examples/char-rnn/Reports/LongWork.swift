/// Work that tells how far it is when it takes longer than two seconds: on a terminal in place, elsewhere in a line every
/// ten seconds.
final class LongWork {
    private let title: String
    private let start: ContinuousClock.Instant
    /// When the next word is due.
    private var next: ContinuousClock.Instant
    private var isShown = false
    private let isQuiet: Bool
    private var pace: Pace

    /// - Parameters:
    ///   - title: what is done, such as "reading the text".
    ///   - start: when it began, where that was before.
    ///   - isQuiet: whether nothing is told.
    init(_ title: String, since start: ContinuousClock.Instant? = nil, isQuiet: Bool = false) {
        self.title = title
        self.start = start ?? .now
        self.isQuiet = isQuiet
        pace = Pace(isWorking: start != nil)
        next = self.start + .seconds(2)
    }

    /// To be called often; it costs a look at the clock.
    func advance(to fraction: Double) {
        let now = ContinuousClock.now
        let passed = start.duration(to: now).inSeconds
        let seconds = pace.secondsLeft(at: fraction, after: passed)
        guard now >= next, !isQuiet else { return }
        let left = seconds.map { "\(duration($0)) left" } ?? "\(duration(passed)) so far"
        if Console.replacesLines {
            Console.status(ProgressLine(title, fraction: fraction, facts: [.init(left, weight: 0)]))
            next = now + .milliseconds(100)
            isShown = true
        } else {
            Console.note("\(title): \(Int(fraction * 100)) %, \(left)")
            next = now + .seconds(10)
        }
    }

    /// Leaves nothing of it on a terminal.
    func end() { if isShown { Console.eraseStatus() } }

    /// Does work that tells how far it is.
    static func telling<Result>(
        _ title: String, quietly isQuiet: Bool = false, _ body: (LongWork) throws -> Result
    ) rethrows -> Result {
        let work = LongWork(title, isQuiet: isQuiet)
        defer { work.end() }
        return try body(work)
    }
}
