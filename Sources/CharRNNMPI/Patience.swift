import Glibc

/// How a process waits for messages: soon asleep, so that others may have its core, and with a word when it takes long.
struct Patience {
    /// Whether this process has nothing else to do meanwhile.
    let isIdle: () -> Bool
    /// Who is late, and for how many seconds they have been waited for.
    let tell: (_ late: Set<Int>, _ seconds: Double) -> Void

    private let start = ContinuousClock.now
    /// When there will be something to tell: first after ten seconds, then after twice as long each time.
    private var next = 10.0

    init(isIdle: @escaping () -> Bool, tell: @escaping (_ late: Set<Int>, _ seconds: Double) -> Void) {
        self.isIdle = isIdle
        self.tell = tell
    }

    /// Between two looks for messages.
    mutating func wait(_ late: () -> Set<Int>) {
        let seconds = start.duration(to: .now) / .seconds(1)
        if seconds >= next {
            tell(late(), seconds)
            next *= 2
        }
        if isIdle(), seconds < 0.02 {
            sched_yield()
        } else {
            usleep(100)
        }
    }
}
