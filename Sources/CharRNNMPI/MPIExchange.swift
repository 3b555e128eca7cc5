import CharRNN

/// The exchange among processes that `mpirun` has started, and within each among its devices.
///
/// Each process sums its share of the gradient's elements, as the others send them, in the order of the ranks; then all
/// get all shares. So the sums have the same bits with any MPI, on any network; only the number of processes, and their
/// devices, make them others. In a step each process sends and receives about twice the gradient.
public final class MPIExchange: GradientExchange {
    public var count: Int { world.count }
    public var rank: Int { world.rank }

    private let world: MPIWorld
    /// What the processes' devices are, where they are not all the same.
    private let devicesDiffer: Bool
    private let devices = DeviceExchange()
    private var first: Replica?
    /// The elements that each process sums, and what it receives to do so.
    private var (shares, parts) = (MPIShares([]), MPIShares([]))
    private var (received, sum): ([Float], [Float]) = ([], [])

    /// - Parameter devices: on which this process trains. Where those of the others are not the same, they may round
    ///   differently, so parameters travel from rank 0 to all in each step.
    public init(_ world: MPIWorld, devices: [Device]) {
        self.world = world
        let kind = devices[0].kind
        let description = "\(kind), \(devices[0].name), \(devices[0].platform), \(devices[0].version)"
        devicesDiffer = Set(world.gather(description)).count > 1
    }

    public func prepare(_ replicas: [Replica]) throws {
        precondition(first == nil, "an exchange serves one trainer")
        try devices.prepare(replicas)
        first = replicas[0]
        let size = replicas[0].gradient.count
        shares = MPIShares(of: size, parts: count)
        let own = Int(shares.counts[rank])
        parts = MPIShares([Int](repeating: own, count: count))
        received = [Float](repeating: 0, count: own * count)
        sum = [Float](repeating: 0, count: size)
        try broadcastParameters()
        try devices.sendParameters()
    }

    public func sendParameters() throws {
        if devicesDiffer { try broadcastParameters() }
        try devices.sendParameters()
    }

    public func sumGradients() throws {
        try devices.sumGradients()
        guard count > 1, let first else { return }
        MPICalls.exchange(try first.backend.read(first.gradient), shares, into: &received, parts)
        addParts()
        MPICalls.gather(received, count: Int(parts.counts[0]), shares, into: &sum)
        try first.backend.write(sum, to: first.gradient)
    }

    public func gather(_ values: [Float]) throws -> [[Float]] {
        world.gather(values.withUnsafeBytes { Array($0) }).map { bytes in
            [Float](unsafeUninitializedCapacity: bytes.count / 4) { numbers, count in
                UnsafeMutableRawBufferPointer(numbers).copyBytes(from: bytes)
                count = bytes.count / 4
            }
        }
    }

    /// Adds what the other processes have sent to what the first has.
    private func addParts() {
        let size = Int(parts.counts[0])
        received.withUnsafeMutableBufferPointer { numbers in
            for start in stride(from: size, to: numbers.count, by: max(1, size)) {
                for index in 0..<size { numbers[index] += numbers[start + index] }
            }
        }
    }

    private func broadcastParameters() throws {
        guard count > 1, let first else { return }
        var values = try first.backend.read(first.parameters)
        MPICalls.broadcast(&values)
        try first.backend.write(values, to: first.parameters)
    }
}
