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
    public var count: Int { places.count }
    /// Which of them this is, from 0.
    public let rank: Int
    /// The library's name and version, such as "Open MPI v4.1.4".
    public let library: String
    /// By their ranks.
    let places: [Place]

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
        return MPIWorld(rank: MPICalls.rank, library: library)
    }

    private init(rank: Int, library: String) {
        self.rank = rank
        self.library = library
        places = Self.gather(Place.own.text, among: MPICalls.count).map { Place(text: $0) }
    }

    /// Ends MPI, when all processes have come here. Nothing may be called after it.
    public func finish() { MPICalls.finish() }

    /// Ends all processes at once, with this status: what is left to one that cannot go on while the others wait for it.
    public func abort(status: Int32) -> Never { MPICalls.abort(status) }

    /// What each process has given, in the order of the ranks.
    public func gather(_ text: String) -> [String] { Self.gather(text, among: count) }

    private static func gather(_ text: String, among count: Int) -> [String] {
        gather(Array(text.utf8), among: count).map { String(decoding: $0, as: UTF8.self) }
    }

    func gather(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] { Self.gather(bytes, among: count) }

    /// What fits goes in one message, of always the same size.
    private static func gather(_ bytes: [UInt8], among count: Int) -> [ArraySlice<UInt8>] {
        let (prefix, size) = (4, 64)
        var message = withUnsafeBytes(of: UInt32(bytes.count).littleEndian) { Array($0) } + bytes.prefix(size - prefix)
        message += [UInt8](repeating: 0, count: size - message.count)
        var messages = [UInt8](repeating: 0, count: size * count)
        MPICalls.gather(message, into: &messages)
        let lengths = (0..<count).map { rank in
            (0..<prefix).reversed().reduce(0) { $0 << 8 | Int(messages[rank * size + $1]) }
        }
        if lengths.allSatisfy({ $0 <= size - prefix }) {
            return lengths.enumerated().map { messages[$0 * size + prefix..<$0 * size + prefix + $1] }
        }
        let shares = MPIShares(lengths)
        var all = [UInt8](repeating: 0, count: lengths.reduce(0, +))
        MPICalls.gather(bytes, shares, into: &all)
        return zip(shares.starts, lengths).map { all[Int($0)..<Int($0) + $1] }
    }

    /// "MPICH Version:	4.0.2" and more lines, "Open MPI v4.1.4, package: …".
    private static func name(_ library: String) -> String {
        let line = library.prefix { !",\n".contains($0) }
        return line.split(whereSeparator: \.isWhitespace).filter { $0 != "Version:" }.joined(separator: " ")
    }
}
