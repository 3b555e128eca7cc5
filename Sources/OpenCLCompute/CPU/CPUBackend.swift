/// The CPU device: CPUKernels, and OpenBLAS for products of two transposes and, without AVX-512, for the gradients of large
/// weights; shared among threads.
///
/// Every result depends on the number of threads alone, never on their timing.
final class CPUBackend: Backend {
    let threadCount: Int
    private let team: ThreadTeam

    init(threadCount: Int) {
        self.threadCount = threadCount
        team = ThreadTeam(threadCount: threadCount)
    }

    // MARK: Threads

    /// Runs `body` on consecutive slices of 0..<count, one a thread, and returns when all are done.
    ///
    /// A slice has at least `grain` elements; what would be less than two runs on the calling thread, since waking
    /// a thread may cost some ten microseconds. Slices begin at multiples of `alignment`. Within a slice nothing is cut again:
    /// the other threads have theirs. (But sums are, whose bits depend on the cuts.)
    func parallel(_ count: Int, grain: Int, alignment: Int = 1, _ body: @Sendable (Range<Int>) -> Void) {
        let slices = min(threadCount, count / max(1, grain))
        if slices <= 1 || ThreadTeam.isAtWork { return body(0..<count) }
        let blocks = (count + alignment - 1) / alignment
        team.run(slices: slices) { slice in
            let begin = blocks * slice / slices * alignment
            let end = min(count, blocks * (slice + 1) / slices * alignment)
            if begin < end { body(begin..<end) }
        }
    }

    /// The sums of `body` over slices of 0..<count, added in the order of the slices.
    func parallelSum<Sum: Sendable>(
        _ count: Int, grain: Int, zero: Sum, add: (Sum, Sum) -> Sum, _ body: @Sendable (Range<Int>) -> Sum
    ) -> Sum {
        let slices = max(1, min(threadCount, count / max(1, grain)))
        return withUnsafeTemporaryAllocation(of: Sum.self, capacity: slices) { sums in
            nonisolated(unsafe) let sums = sums
            team.run(slices: slices) { slice in
                sums.initializeElement(
                    at: slice, to: body(count * slice / slices..<count * (slice + 1) / slices))
            }
            return sums.reduce(zero, add)
        }
    }
}
