import ArgumentParser
import CharRNN
import CharRNNMPI
import Glibc

/// The processes that share each batch: those that `mpirun` has started for `train --mpi`, or this one alone. The first of
/// them speaks for all.
struct Ranks: Sendable {
    /// Nil where there is no MPI.
    private let world: MPIWorld?

    static let alone = Ranks(world: nil)

    var count: Int { world?.count ?? 1 }
    var rank: Int { world?.rank ?? 0 }
    var isFirst: Bool { rank == 0 }

    /// - Throws: `MPIError`.
    static func start() throws -> Ranks {
        var world = try MPIWorld.start()
        let hosts = world.hosts
        world.whenWaiting = { late, seconds in
            let ranks = late.map { "rank \($0) on \(hosts[$0])" }.joined(separator: ", ")
            Console.insist("note: the others have waited \(Int(seconds)) s for \(ranks)")
        }
        Console.isMuted = world.rank > 0
        Console.note(
            "ranks: \(world.count) on \(world.machineCount == 1 ? "one machine" : "\(world.machineCount) machines"), "
                + world.library)
        let idle = world.idleCoreCount
        if idle > 0 {
            Console.note(
                "note: \(idle) \(idle == 1 ? "core of this machine is" : "cores of this machine are") left idle; start more "
                    + "ranks, or, where Open MPI has bound them to single cores, give mpirun --bind-to none")
        }
        return Ranks(world: world)
    }

    func exchange(on devices: [Device]) -> any GradientExchange {
        world.map { MPIExchange($0, devices: devices) } ?? DeviceExchange()
    }

    /// Where this rank computes: on its share of the processor; of a machine's OpenCL devices, where none is named by its
    /// number, on one after the other.
    ///
    /// - Throws: ``DeviceError``, ``Failure``.
    func devices(_ options: DeviceOptions) throws -> [Device] {
        let devices = try options.devices()
        guard let world else { return devices }
        if options.deviceName == "opencl" || options.deviceName == nil && options.usesOpenCL {
            let alike = Device.available.filter { $0.kind == devices[0].kind }
            return [alike[world.rankOnMachine % alike.count]]
        }
        return devices.map { $0.kind == .cpu ? .processor(threadCount: world.threadCount) : $0 }
    }

    // MARK: Agreement

    /// What each rank does for itself. An error of one ends all, and is told once.
    func together<Value>(_ body: () throws -> Value) throws -> Value {
        guard let world, count > 1 else { return try body() }
        let outcome = Result { try body() }
        var own = ""
        if case .failure(let error) = outcome { own = error is ExitCode ? "stopped" : Hints.message(of: error) }
        let errors = world.gather(own)
        guard let failed = errors.firstIndex(where: { !$0.isEmpty }) else { return try outcome.get() }
        if case .failure(let stop as ExitCode) = outcome { throw stop }
        let place = failed == 0 ? "" : "rank \(failed) on \(world.hosts[failed]): "
        throw SharedFailure(description: place + errors[failed])
    }

    /// Makes sure that all ranks have the same of each fact.
    ///
    /// - Throws: ``SharedFailure``, which tells the first difference.
    func requireSame(_ facts: [(name: String, value: String)]) throws {
        guard let world, count > 1 else { return }
        for (name, value) in facts {
            let values = world.gather(value)
            guard let other = values.firstIndex(where: { $0 != values[0] }) else { continue }
            let (its, first) = Self.difference(values[other], values[0])
            throw SharedFailure(
                description: "rank \(other) on \(world.hosts[other]) has another \(name) than rank 0 on "
                    + "\(world.hosts[0]): \(its), not \(first); all ranks need the same")
        }
    }

    /// The words of two command lines or facts from the first option on in which they differ.
    private static func difference(_ one: String, _ other: String) -> (String, String) {
        let (one, other) = (one.split(separator: " "), other.split(separator: " "))
        var start = zip(one, other).prefix { $0 == $1 }.count
        while start > 0, !(start < one.count && one[start].hasPrefix("-")) { start -= 1 }
        let rests = [one, other].map { $0.dropFirst(start) }
        let end = zip(rests[0].reversed(), rests[1].reversed()).prefix { $0 == $1 }.count
        let words = rests.map { $0.dropLast(end).joined(separator: " ") }
        return (words[0].isEmpty ? "nothing" : words[0], words[1].isEmpty ? "nothing" : words[1])
    }

    // MARK: The end

    /// Does all that the ranks do together, and ends MPI.
    func run(_ body: () throws -> Void) throws {
        guard let world else { return try body() }
        do { try body() } catch let error where error is SharedFailure || error is ExitCode {
            world.finish()
            throw isFirst ? error : ExitCode((error as? ExitCode)?.rawValue ?? 1)
        } catch {
            // The others wait for this one in an exchange, and are not told otherwise. Where all have the error, the first
            // tells it and ends all, for which a launcher may take two seconds.
            if !isFirst { sleep(3) }
            let place = isFirst ? "" : "rank \(rank) on \(world.hosts[rank]): "
            Console.insist(onOneLine("char-rnn: \(place)\(Hints.message(of: error))"))
            // Launchers forget what they have not passed on yet when a rank ends all.
            usleep(500_000)
            world.abort(status: 1)
        }
        world.finish()
    }

    /// Whether to say what only matters when other ranks are gone: where those before this one on its machine are.
    var speaksForTheDead: Bool { world?.isFirstAlive ?? true }
}

/// An error that all ranks have.
struct SharedFailure: Error, CustomStringConvertible {
    let description: String
}
