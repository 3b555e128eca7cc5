/// The processes that `mpirun` has started together, of which this is one: MPI's `MPI_COMM_WORLD`.
///
/// ```swift
/// let world = try MPIWorld.start()
/// let device = Device.processor(threadCount: world.threadCount)
/// let trainer = try Trainer(
///     model: model, dataset: dataset, options: options, exchange: MPIExchange(world, devices: [device]))
/// …
/// world.finish()
/// ```
/// One thread at a time may call it, whichever it is. What all call, all call in the same order; each waits for the others.
public struct MPIWorld: Sendable {
    /// The processes.
    public let count: Int
    /// Which of them this is, from 0.
    public let rank: Int
    /// The library's name and version, such as "Open MPI v4.1.4".
    public let library: String
    /// Called in one of the processes that wait for others, when they have done so for 10 seconds, and again each time it is
    /// twice as long: with the ranks of those who are late, and the seconds. From any thread.
    public var whenWaiting: (@Sendable (_ late: [Int], _ seconds: Double) -> Void)?
    /// By their ranks.
    private(set) var places: [Place] = []

    /// Starts MPI; once in a program's life.
    ///
    /// - Throws: ``MPIError``, also where the launcher of another MPI has started the program.
    public static func start() throws -> MPIWorld {
        guard MPICalls.areBuilt else { throw MPIError.notBuilt }
        guard MPICalls.start() else { throw MPIError.notStarted }
        let library = name(MPICalls.library)
        let launchers = Launcher.found
        if let launcher = launchers.first, !launchers.contains(where: { $0.count == MPICalls.count }) {
            throw MPIError.otherLauncher(launcher.name, count: launcher.count, library: library)
        }
        return MPIWorld(rank: MPICalls.rank, count: MPICalls.count, library: library)
    }

    private init(rank: Int, count: Int, library: String) {
        self.rank = rank
        self.count = count
        self.library = library
        places = gather(Place.own.text).map { Place(text: $0) }
    }

    /// Ends MPI, when all processes have come here. Nothing may be called after it.
    public func finish() { MPICalls.finish() }

    /// Ends all processes at once, with this status: what is left to one that cannot go on while the others wait for it.
    public func abort(status: Int32) -> Never { MPICalls.abort(status) }

    /// "MPICH Version:	4.0.2" and more lines, "Open MPI v4.1.4, package: …".
    private static func name(_ library: String) -> String {
        let line = library.prefix { !",\n".contains($0) }
        return line.split(whereSeparator: \.isWhitespace).filter { $0 != "Version:" }.joined(separator: " ")
    }
}
