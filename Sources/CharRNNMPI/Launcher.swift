import FoundationEssentials

extension MPIWorld {
    /// Which of the processes this is, before MPI has started: as the launcher says, where it does.
    public static var launchedRank: Int {
        let environment = ProcessInfo.processInfo.environment
        return ["OMPI_COMM_WORLD_RANK", "PMI_RANK"].lazy.compactMap { environment[$0].flatMap { Int($0) } }.first ?? 0
    }
}

/// A program that has started this one among others, as it says in the environment.
struct Launcher {
    let name: String
    let count: Int

    static var found: [Launcher] {
        let environment = ProcessInfo.processInfo.environment
        return [("Open MPI's mpirun", "OMPI_COMM_WORLD_SIZE"), ("MPICH's mpiexec", "PMI_SIZE")].compactMap {
            name, variable in environment[variable].flatMap { Int($0) }.map { Launcher(name: name, count: $0) }
        }
    }
}
