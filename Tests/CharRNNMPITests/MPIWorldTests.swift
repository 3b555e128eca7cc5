import CharRNNMPI
import Testing

/// What is decided without MPI; Tests/MPI/run has processes train together.
@Suite struct MPIWorldTests {
    private func place(_ cores: [Int], limit: Int? = nil, machine: String = "a") -> Place {
        Place(machine: machine, host: "host", process: 1, cores: cores, coreCount: limit ?? cores.count)
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

    @Test func aPlaceTravelsAsText() {
        for place in [Place.own, place([0, 2, 65], limit: 1), place([])] { #expect(Place(text: place.text) == place) }
        #expect(!Place.own.cores.isEmpty && Place.own.coreCount <= Place.own.cores.count)
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
