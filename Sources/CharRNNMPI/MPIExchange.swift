import CharRNN

/// The exchange among processes that `mpirun` has started, and within each among its devices.
///
/// Each process sums its share of the gradient's elements, as the others send them, in the order of the ranks; then all
/// get all shares. Of a small piece two processes each sum all, in the same order. So the sums have the same bits with any
/// MPI, on any network; only the number of processes, and their devices, make them others. In a step each process sends and
/// receives about twice the gradient: in pieces, while the backward pass makes the rest of it, where a network carries them;
/// at its end, where processes of one machine copy it themselves and all cores compute.
public final class MPIExchange: GradientExchange {
    public var count: Int { world.count }
    public var rank: Int { world.rank }

    private let world: MPIWorld
    /// What the processes' devices are, where they are not all the same.
    private let devicesDiffer: Bool
    private let devices = DeviceExchange()
    private var first: Replica?
    /// The gradient in the host's memory: where it lies on the CPU device, for others a copy.
    private var gradient = UnsafeMutableBufferPointer<Float>(start: nil, count: 0)
    private var isCopy = false
    private var sum: PiecewiseSum?
    /// Whether pieces go before the gradient is whole, as it does where something else than a core that computes moves them:
    /// a network, a device's bus, a core that is idle. Otherwise each would only interrupt what is computed.
    public private(set) var sumsInPieces = false
    /// Where the part of the gradient begins that is being summed.
    private var start = 0

    /// A piece with fewer elements waits for the next one: a message has a price of its own.
    private static let smallestPiece = 1 << 16

    /// - Parameter devices: on which this process trains. Where those of the others are not the same, they may round
    ///   differently, so parameters travel from rank 0 to all in each step.
    public init(_ world: MPIWorld, devices: [Device]) {
        self.world = world
        let kind = devices[0].kind
        let description = "\(kind), \(devices[0].name), \(devices[0].platform), \(devices[0].version)"
        devicesDiffer = Set(world.gather(description)).count > 1
    }

    deinit { if isCopy { gradient.deallocate() } }

    public func prepare(_ replicas: [Replica]) throws {
        precondition(first == nil, "an exchange serves one trainer")
        try devices.prepare(replicas)
        first = replicas[0]
        let elements = replicas[0].gradient
        if let memory = elements.inHostMemory {
            gradient = memory
        } else {
            gradient = .allocate(capacity: elements.count)
            isCopy = true
        }
        start = gradient.count
        sum = PiecewiseSum(gradient, over: world)
        // All cut alike, and where there are several devices their sum is the first that there is.
        let movesBeside = isCopy || !world.isOnOneHost || world.sparedCoreCount > 0
        let areSingle = world.gather("\(replicas.count)").allSatisfy { $0 == "1" }
        let somebodyMovesBeside = world.gather("\(movesBeside)").contains("true")
        sumsInPieces = count > 1 && areSingle && somebodyMovesBeside
        try broadcastParameters()
        try devices.sendParameters()
    }

    public func sendParameters() throws {
        if devicesDiffer { try broadcastParameters() }
        try devices.sendParameters()
    }

    public func gradientIsMade(from start: Int) throws {
        guard self.start - start >= Self.smallestPiece else { return }
        sum?.begin(try nextPiece(from: start))
    }

    public func sumGradients() throws { _ = try sumGradients(gathering: []) }

    public func sumGradients(gathering values: [Float]) throws -> [[Float]] {
        try devices.sumGradients()
        guard count > 1, let first else { return [values] }
        let piece = try nextPiece(from: 0)
        start = gradient.count
        var told = [Float](repeating: 0, count: count * values.count)
        told.withUnsafeMutableBytes { told in
            let notes = (0..<told.count).split(into: count).map { UnsafeMutableRawBufferPointer(rebasing: told[$0]) }
            values.withUnsafeBytes { notes[rank].copyMemory(from: $0) }
            sum?.finish(piece, beside: values.isEmpty ? [] : notes)
        }
        if isCopy { try first.backend.write(Array(gradient), to: first.gradient) }
        return told.indices.split(into: count).map { Array(told[$0]) }
    }

    /// The elements from `start` on that are not being summed yet, in the host's memory.
    private func nextPiece(from start: Int) throws -> Range<Int> {
        let piece = start..<self.start
        self.start = start
        if isCopy, let first {
            _ = UnsafeMutableBufferPointer(rebasing: gradient[piece]).update(
                fromContentsOf: try first.backend.read(first.gradient[piece]))
        }
        return piece
    }

    public func gather(_ values: [Float]) throws -> [[Float]] {
        world.gather(values.withUnsafeBytes { Array($0) }).map { bytes in
            [Float](unsafeUninitializedCapacity: bytes.count / 4) { numbers, count in
                UnsafeMutableRawBufferPointer(numbers).copyBytes(from: bytes)
                count = bytes.count / 4
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
