import CharRNNMPI
import Testing

/// What is decided without MPI; Tests/MPI/run has processes train together.
@Suite struct MPIWorldTests {
    /// - Parameter offered: what its launcher may use; what itself may, unless told otherwise.
    private func place(_ cores: [Int], limit: Int? = nil, offered: Int? = nil) -> Place {
        let count = limit ?? cores.count
        return Place(
            machine: "a", host: "host", process: 1, cores: cores, coreCount: count, offeredCoreCount: offered ?? count)
    }

    private func threads(_ places: [Place]) -> [Int] { places.map { Place.threadCount(of: $0, among: places) } }

    @Test func coresAreSharedWithThoseWhoMayRunThere() {
        #expect(threads([place([0, 1, 2, 3])]) == [4])
        // Unbound, as MPICH has it: divided.
        #expect(threads([place(Array(0..<8)), place(Array(0..<8))]) == [4, 4])
        #expect(threads([place([0, 1]), place([0, 1]), place([0, 1])]) == [1, 1, 1])
        // Bound, as Open MPI has it: each its own.
        #expect(threads([place([0, 1, 2]), place([3, 4, 5])]) == [3, 3])
        #expect(threads([place([0]), place([1])]) == [1, 1])
        // Two share cores 2 and 3.
        #expect(threads([place([0, 1, 2, 3]), place([2, 3, 4, 5])]) == [3, 3])
        // A third of each of three cores is one, whatever the roundings.
        #expect(threads([place([0, 1, 2]), place([0, 1, 2]), place([0, 1, 2])]) == [1, 1, 1])
    }

    @Test func aControlGroupsTimeIsDivided() {
        #expect(threads([place(Array(0..<64), limit: 8), place(Array(0..<64), limit: 8)]) == [4, 4])
        #expect(threads([place(Array(0..<64), limit: 1), place(Array(0..<64), limit: 1)]) == [1, 1])
    }

    @Test func coresAreIdleWhereTheyMightBeUsed() {
        func idle(_ places: [Place]) -> [Int] {
            let counts = Place.idleCoreCounts(of: places)
            return [counts.offered, counts.own]
        }
        let (two, four) = (Array(0..<2), Array(0..<4))
        #expect(idle([place(four)]) == [0, 0])
        // Of four cores three processes compute on one each; the fourth is theirs too.
        #expect(idle([place(four), place(four), place(four)]) == [1, 1])
        // Bound to single cores by a launcher that might have given all: none of them may run on the others.
        #expect(idle([place([0], offered: 4), place([1], offered: 4)]) == [2, 0])
        // A job that has two cores of its machine, or two processes of a job that has one.
        #expect(idle([place(two), place(two)]) == [0, 0])
        #expect(idle([place([0]), place([0])]) == [0, 0])
        // What a control group gives no time for is not idle, also where processes are bound within it.
        #expect(idle([place(Array(0..<64), limit: 2)]) == [0, 0])
        #expect(idle([place([0], limit: 1, offered: 2), place([1], limit: 1, offered: 2)]) == [0, 0])
    }

    @Test func aPlaceTravelsAsText() {
        for place in [Place.own, place([0, 2, 65], limit: 1, offered: 3), place([])] {
            #expect(Place(text: place.text) == place)
        }
        #expect(!Place.own.cores.isEmpty && Place.own.coreCount <= Place.own.cores.count)
        #expect(Place.own.coreCount <= Place.own.offeredCoreCount)
    }

    @Test(arguments: [(0..<10, 3), (5..<7, 4), (3..<3, 2), (0..<7, 1), (9..<1 << 40, 7)])
    func sharesAreAllAndAlike(_ all: Range<Int>, _ parts: Int) {
        let shares = all.split(into: parts)
        #expect(shares.count == parts && shares.first?.lowerBound == all.lowerBound)
        #expect(shares.last?.upperBound == all.upperBound)
        #expect(zip(shares, shares.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
        let sizes = shares.map(\.count)
        #expect(sizes.max()! - sizes.min()! <= 1)
    }

    /// Ten seconds, then twice as long each time.
    @Test func whoIsWaitedForLongIsTold() {
        #expect(told(after: [Double](repeating: 0.25, count: 200)) == [10, 20, 40])
    }

    /// A process that is stopped, and goes on, has not waited meanwhile: the others have.
    @Test func whoStoodStillItselfTellsOfNobody() {
        #expect(told(after: [0.5, 60, 0.5, 3600, 0.5]) == [])
        #expect(told(after: [60] + [Double](repeating: 0.5, count: 18)) == [10])
    }

    /// The seconds that are told of by one who looks for messages at these intervals.
    private func told(after intervals: [Double]) -> [Double] {
        var (now, told) = (ContinuousClock.now, [Double]())
        var patience = Patience(
            isIdle: { false }, now: { now },
            tell: { late, seconds in
                #expect(late == [3])
                told.append(seconds)
            })
        for interval in intervals {
            now += .seconds(interval)
            patience.wait { [3] }
        }
        return told
    }

    #if !MPI
    @Test func withoutTheTraitThereIsNone() {
        #expect(throws: MPIError.notBuilt) { try MPIWorld.start() }
    }
    #endif
}
