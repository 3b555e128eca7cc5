/// Work that tells how far it is when it takes longer than two seconds: on a terminal in place, elsewhere in a line every
/// ten seconds.
final class LongWork {
    private let title: String
    private let start: ContinuousClock.Instant
    /// When the next word is due.
    private var next: ContinuousClock.Instant
    private var isShown = false

    /// - Parameters:
    ///   - title: what is done, such as "reading the text".
    ///   - start: when it began.
    init(_ title: String, since start: ContinuousClock.Instant = .now) {
        self.title = title
        self.start = start
        next = start + .seconds(2)
    }

    /// To be called often; it costs a look at the clock.
    func advance(to fraction: Double) {
        let now = ContinuousClock.now
        guard now >= next else { return }
        let passed = start.duration(to: now).inSeconds
        let left = fraction > 0 ? "\(duration(passed * (1 - fraction) / fraction)) left" : "\(duration(passed)) so far"
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
    static func telling<Result>(_ title: String, _ body: (LongWork) throws -> Result) rethrows -> Result {
        let work = LongWork(title)
        defer { work.end() }
        return try body(work)
    }
}
