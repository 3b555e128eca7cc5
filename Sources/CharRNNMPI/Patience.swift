import Glibc

/// How a process waits for messages: soon asleep, so that others may have its core, and with a word when it takes long.
package struct Patience {
    /// Whether this process has nothing else to do meanwhile.
    let isIdle: () -> Bool
    let now: () -> ContinuousClock.Instant
    /// Who is late, and for how many seconds they have been waited for.
    let tell: (_ late: Set<Int>, _ seconds: Double) -> Void

    private var last: ContinuousClock.Instant
    private var seconds = 0.0
    /// When there will be something to tell: first after ten seconds, then after twice as long each time.
    private var next = 10.0

    package init(
        isIdle: @escaping () -> Bool, now: @escaping () -> ContinuousClock.Instant = { .now },
        tell: @escaping (_ late: Set<Int>, _ seconds: Double) -> Void
    ) {
        self.isIdle = isIdle
        self.now = now
        self.tell = tell
        last = now()
    }

    /// Between two looks for messages.
    package mutating func wait(_ late: () -> Set<Int>) {
        let now = now()
        // Whoever has not looked for longer stood still itself, and has waited for nobody.
        seconds += min(1, last.duration(to: now) / .seconds(1))
        last = now
        if seconds >= next {
            tell(late(), seconds)
            next *= 2
        }
        if isIdle(), seconds < 0.02 {
            sched_yield()
        } else {
            // Each look interrupts what computes; meanwhile the system sends on and receives.
            usleep(300)
        }
    }
}
