import CharRNNFiles
import FoundationEssentials
import Glibc

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
    private let places: [Place]

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

// MARK: Machines

extension MPIWorld {
    /// The name of each process's machine, by their ranks.
    public var hosts: [String] { places.map(\.host) }
    /// How many machines there are.
    public var machineCount: Int { Set(places.map(\.machine)).count }
    /// Which of its machine's processes this is, from 0: that of a machine's graphics cards which it should take.
    public var rankOnMachine: Int { neighbours.filter { $0 < rank }.count }

    /// The threads that this process should compute with: the cores that it may run on, shared with those processes that
    /// may run there as well.
    public var threadCount: Int { threadCount(of: rank) }

    /// The cores of this machine on which none of its processes computes, as where they are bound to others.
    public var idleCoreCount: Int {
        max(0, sysconf(Int32(_SC_NPROCESSORS_ONLN)) - neighbours.reduce(0) { $0 + threadCount(of: $1) })
    }

    /// Whether this is the first of its machine's processes that is still there. Asks the system, not the others.
    public var isFirstAlive: Bool { neighbours.prefix { $0 < rank }.allSatisfy { kill(places[$0].process, 0) != 0 } }

    /// The ranks on this machine, with this one.
    private var neighbours: [Int] { places.indices.filter { places[$0].machine == places[rank].machine } }

    private func threadCount(of rank: Int) -> Int {
        Place.threadCount(of: places[rank], among: neighbours.map { places[$0] })
    }
}

/// Where a process runs.
package struct Place: Equatable {
    /// The machine's number since it was started, which no other has.
    package let machine: String
    package let host: String
    package let process: pid_t
    /// The cores that it may run on.
    package let cores: [Int]
    /// How many of them a control group gives it time for.
    package let coreCount: Int

    package static var own: Place {
        let file = "/proc/sys/kernel/random/boot_id"
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, name.count - 1)
        let host = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let boot = (try? String(contentsOfFile: file, encoding: .utf8))?.split(whereSeparator: \.isWhitespace).first
        return Place(
            machine: boot.map { String($0) } ?? host, host: host, process: getpid(),
            cores: Host.affineCores ?? Array(0..<Host.coreCount), coreCount: Host.coreCount)
    }

    package init(machine: String, host: String, process: pid_t, cores: [Int], coreCount: Int) {
        self.machine = machine
        self.host = host
        self.process = process
        self.cores = cores
        self.coreCount = coreCount
    }

    /// How many threads one of a machine's processes should have.
    package static func threadCount(of place: Place, among neighbours: [Place]) -> Int {
        let share = place.cores.reduce(0.0) { sum, core in
            sum + 1 / Double(neighbours.filter { $0.cores.contains(core) }.count)
        }
        let isLimited = place.coreCount < place.cores.count
        return max(1, min(Int(share + 1e-6), isLimited ? place.coreCount / neighbours.count : .max))
    }
}

// As it travels to the other processes.
extension Place {
    package var text: String {
        let cores = cores.map { "\($0)" }.joined(separator: ",")
        return "\(machine)\n\(host)\n\(process)\n\(coreCount)\n\(cores)"
    }

    package init(text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        precondition(lines.count == 5, "a process says of itself: \(text)")
        machine = String(lines[0])
        host = String(lines[1])
        process = pid_t(lines[2]) ?? 0
        coreCount = Int(lines[3]) ?? 1
        cores = lines[4].split(separator: ",").compactMap { Int($0) }
    }
}

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
