import Glibc

extension MPIWorld {
    /// The name of each process's machine, by their ranks.
    public var hosts: [String] { places.map(\.host) }
    /// How many machines there are.
    public var machineCount: Int { Set(places.map(\.machine)).count }
    /// Whether all share a machine's memory, over which they need no network. Containers of one machine have other names.
    var isOnOneHost: Bool { machineCount == 1 && Set(hosts).count == 1 }
    /// Which of its machine's processes this is, from 0: that of a machine's graphics cards which it should take.
    public var rankOnMachine: Int { neighbours.filter { $0 < rank }.count }

    /// The threads that this process should compute with: the cores that it may run on, shared with those processes that
    /// may run there as well.
    public var threadCount: Int { Place.threadCount(of: places[rank], among: neighbouringPlaces) }

    /// The cores of this machine that the launcher might use and on which none of its processes computes, as where it has
    /// bound them to others.
    public var idleCoreCount: Int { idleCoreCounts.offered }

    /// Those among them on which the processes may run: where what is not computing finds room.
    var sparedCoreCount: Int { idleCoreCounts.own }

    /// Whether this is the first of its machine's processes that is still there. Asks the system, not the others.
    public var isFirstAlive: Bool { neighbours.prefix { $0 < rank }.allSatisfy { kill(places[$0].process, 0) != 0 } }

    /// The ranks on this machine, with this one.
    private var neighbours: [Int] { places.indices.filter { places[$0].machine == places[rank].machine } }

    private var neighbouringPlaces: [Place] { neighbours.map { places[$0] } }

    private var idleCoreCounts: (offered: Int, own: Int) { Place.idleCoreCounts(of: neighbouringPlaces) }
}
