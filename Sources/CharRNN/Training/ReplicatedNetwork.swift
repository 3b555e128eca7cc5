import OpenCLCompute

/// The network of a ``Trainer``: on one device, or on several, each with a copy of the parameters and a share of the
/// streams (data parallelism). How their gradients become one is the ``GradientExchange``'s.
///
/// Masks and scales are those of the whole batch, so the results differ from one device's by the rounding of the sum
/// alone.
final class ReplicatedNetwork {
    /// The gradient of the last pass that made one, on the first device.
    let gradient: Parameters

    private let networks: [UnrolledNetwork]
    private let gradients: [Parameters]
    let exchange: any GradientExchange
    private let backends: [any Backend]
    private let hiddenSize: Int
    /// −ln p of each target, T·B, the streams of the first device first; there too.
    private let losses: Buffer<Float>
    /// The share of the batch's streams that each process runs.
    private let shares: [StreamShare]
    private var replicasAreCurrent = true

    /// What this process tells the others beside each gradient, and is asked for when it is made: always as many numbers.
    var ownNews: () -> [Float] = { [] }
    /// What the processes have told beside the last gradient, in the order of the ranks; empty where there is only one.
    private(set) var news: [[Float]] = []

    /// - Parameters:
    ///   - parameters: those of the first device, which an optimizer changes.
    ///   - dropout: the probability of dropping a unit.
    ///   - batchSize: the streams of the whole batch.
    ///   - devices: those that share the work with the first.
    ///   - exchange: among the devices, and with other processes.
    init(
        _ parameters: Parameters, dropout: Float, steps: Int, batchSize: Int, sharingWith devices: [Device],
        exchange: any GradientExchange
    ) throws {
        shares = StreamShare(all: batchSize).split(into: exchange.count)
        let own = shares[exchange.rank]
        precondition(
            devices.count < own.count, "\(own.count) streams cannot be shared among \(devices.count + 1) devices")
        let layout = parameters.layout
        let values = devices.isEmpty ? [] : try parameters.backend.read(parameters.buffer)
        let copies = try devices.map { device in
            let copy = try Parameters(layout, on: device.backend())
            try copy.backend.write(values, to: copy.buffer)
            return copy
        }
        let replicas = [parameters] + copies
        networks = try zip(replicas, own.split(into: replicas.count)).map {
            try UnrolledNetwork($0, dropout: dropout, steps: steps, streams: $1, forTraining: true)
        }
        gradients = try replicas.map { try Parameters(layout, on: $0.backend) }
        gradient = gradients[0]
        backends = replicas.map(\.backend)
        hiddenSize = layout.hiddenSize
        losses =
            devices.isEmpty
            ? networks[0].losses : try parameters.backend.makeBuffer(of: Float.self, count: steps * own.count)
        self.exchange = exchange
        try exchange.prepare(
            zip(replicas, gradients).map {
                Replica(backend: $0.backend, parameters: $0.buffer, gradient: $1.buffer)
            })
    }

    // MARK: Passes

    /// Runs a batch from the carried state to the losses and, with a scale, to the ``gradient`` of that times their sum. The
    /// mean loss over all targets goes into one element on the first device. With one device it returns when the work is
    /// queued.
    func run(_ batch: Batch, dropout: DropoutStep?, gradientScale scale: Float?, loss: Buffer<Float>) throws {
        if !replicasAreCurrent { try exchange.sendParameters() }
        replicasAreCurrent = true
        func run(_ index: Int) throws {
            let network = networks[index]
            // Between processes a gradient travels as it is made; what several devices have is added first.
            try network.run(
                batch.share(network.streams), dropout: dropout, gradient: scale.map { (gradients[index], $0) },
                isMade: networks.count == 1 && exchange.sumsInPieces ? exchange.gradientIsMade(from:) : nil)
        }
        if networks.count == 1 {
            try run(0)
        } else {
            let others = try concurrently(on: networks.indices) { index in
                try run(index)
                return index == 0 ? [] : try backends[index].read(networks[index].losses)
            }
            var end = networks[0].losses.count
            try backends[0].copy(networks[0].losses, to: losses[0..<end])
            for values in others.dropFirst() {
                try backends[0].write(values, to: losses[end..<end + values.count])
                end += values.count
            }
        }
        try backends[0].mean(of: losses, into: loss)
        if exchange.count > 1 {
            let own = try backends[0].read(loss)
            let told = try scale == nil ? exchange.gather(own) : exchange.sumGradients(gathering: own + ownNews())
            let sum = zip(told, shares).reduce(0) { $0 + Double($1.0[0]) * Double($1.1.count) }
            try backends[0].write([Float(sum / Double(shares[0].total))], to: loss)
            if scale != nil { news = told.map { Array($0.dropFirst()) } }
        } else if scale != nil {
            try exchange.sumGradients()
        }
        // So that the mean over all steps becomes one over those that have a target.
        let factor = Float(batch.targets.count) / Float(batch.targetCount)
        if factor > 1 { try backends[0].combine(loss, times: factor, into: loss, times: 0) }
    }

    /// To be called when the parameters are no longer those of the last pass.
    func parametersChanged() { replicasAreCurrent = false }

    // MARK: State

    /// The state of all streams after the last pass; setting it is what the next pass begins with.
    func state() throws -> LanguageModel.State {
        let own = LanguageModel.State.joined(try networks.map { try $0.state() })
        guard exchange.count > 1 else { return own }
        func gathered(_ layers: [[Float]]) throws -> [[Float]] {
            try layers.map { Array(try exchange.gather($0).joined()) }
        }
        return LanguageModel.State(hidden: try gathered(own.hidden), memory: try gathered(own.memory))
    }

    func setState(_ state: LanguageModel.State) throws {
        for network in networks { try network.setState(state.share(network.streams, hiddenSize: hiddenSize)) }
    }

    /// Where the state lies after the last pass.
    var stateMemory: [DeviceMemory] {
        zip(backends, networks).flatMap { backend, network in
            network.stateBuffers.map { DeviceMemory(backend: backend, elements: $0) }
        }
    }

    /// Runs `body`, after which the next pass begins in the state in which it would have begun without. Meanwhile the
    /// devices hold a copy of it.
    func preservingState<Result>(_ body: () throws -> Result) throws -> Result {
        let kept = try stateMemory.makeTwins()
        try stateMemory.copy(to: kept)
        let result: Result
        do { result = try body() } catch {
            try? kept.copy(to: stateMemory)
            throw error
        }
        try kept.copy(to: stateMemory)
        return result
    }
}
