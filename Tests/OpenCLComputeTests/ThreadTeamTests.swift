import OpenCLCompute
import Synchronization
import Testing

@Suite struct ThreadTeamTests {
    /// Operations of a team follow one another faster than its threads wake up, and more than one thread may ask for them.
    @Test(arguments: [1, 2, 3, 5])
    func everySliceIsTakenOnce(threadCount: Int) async {
        let team = ThreadTeam(threadCount: threadCount)
        await withTaskGroup(of: Void.self) { group in
            for caller in 1...3 {
                group.addTask {
                    for operation in 0..<3000 {
                        let calls = Calls()
                        // As many as the threads, fewer, or more.
                        let slices = 1 + (operation * caller) % (threadCount + 1)
                        team.run(slices: slices) { calls.counts[$0].wrappingAdd(1, ordering: .relaxed) }
                        let counts = calls.counts.indices.map { calls.counts[$0].load(ordering: .relaxed) }
                        #expect(counts == counts.indices.map { $0 < slices ? 1 : 0 })
                    }
                }
            }
        }
    }

    /// So that what it calls is not shared out once more.
    @Test func whoRunsASliceIsAtWork() {
        let (team, others) = (ThreadTeam(threadCount: 2), ThreadTeam(threadCount: 2))
        let atWork = Calls()
        for _ in 0..<100 {
            team.run(slices: 2) { slice in
                if ThreadTeam.isAtWork { atWork.counts[slice].wrappingAdd(1, ordering: .relaxed) }
                others.run(slices: 2) { _ in }
                if ThreadTeam.isAtWork { atWork.counts[slice].wrappingAdd(1, ordering: .relaxed) }
            }
            #expect(!ThreadTeam.isAtWork)
        }
        #expect((0..<2).map { atWork.counts[$0].load(ordering: .relaxed) } == [200, 200])
    }
}

/// How often each slice was taken.
private final class Calls: Sendable {
    let counts: [6 of Atomic<Int>] = [Atomic(0), Atomic(0), Atomic(0), Atomic(0), Atomic(0), Atomic(0)]
}
