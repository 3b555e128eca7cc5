import Dispatch
import OpenCLCompute
import Synchronization

/// The network of a ``Trainer``: on the model's device, or on several, each with a copy of the model and a share of the
/// streams (data parallelism).
///
/// In a step each device makes the gradient of its streams. The model's device adds them up in the order of the devices
/// and follows the sum; then the others get the new parameters. Masks and scales are those of the whole batch, so the
/// results differ from one device's by the rounding of that sum alone.
final class ReplicatedNetwork {
    /// −ln p of each target, T·B, the streams of the model's device first; there too.
    let losses: Buffer<Float>

    private let model: LanguageModel
    private let own: UnrolledNetwork
    private let replicas: [Replica]
    /// Where the gradient of a replica lands on the model's device.
    private let received: Buffer<Float>
    private var replicasAreCurrent = true

    /// A copy of the model on another device.
    private struct Replica {
        let model: LanguageModel
        let network: UnrolledNetwork
        let gradient: Parameters
    }

    /// - Parameter devices: those that share the work with the model's own.
    init(_ model: LanguageModel, steps: Int, batchSize: Int, sharingWith devices: [Device]) throws {
        precondition(
            devices.count < batchSize, "\(batchSize) streams cannot be shared among \(devices.count + 1) devices")
        let shares = StreamShare.split(batchSize, into: devices.count + 1)
        self.model = model
        own = try UnrolledNetwork(model, steps: steps, streams: shares[0], forTraining: true)
        replicas = try zip(devices, shares.dropFirst()).map { device, streams in
            let copy = try LanguageModel(copying: model, on: device)
            return Replica(
                model: copy,
                network: try UnrolledNetwork(copy, steps: steps, streams: streams, forTraining: true),
                gradient: try Parameters(model.parameters.layout, on: copy.backend))
        }
        guard !replicas.isEmpty else {
            (losses, received) = (own.losses, own.losses[0..<0])
            return
        }
        losses = try model.backend.makeBuffer(of: Float.self, count: steps * batchSize)
        received = try model.backend.makeBuffer(of: Float.self, count: model.parameterCount)
    }

    private var networks: [UnrolledNetwork] { [own] + replicas.map(\.network) }

    // MARK: Passes

    /// Runs a batch from the carried state to ``losses`` and, where there is a place for it, to the gradient of all
    /// parameters. With one device it returns when the work is queued.
    func run(_ batch: Batch, dropout: DropoutStep?, gradient: Parameters? = nil) throws {
        guard !replicas.isEmpty else { return try own.run(batch, dropout: dropout, gradient: gradient) }
        let parameters = replicasAreCurrent ? nil : try model.parameterValues()
        let results = try concurrently(replicas.count + 1) { [own, replicas] index in
            guard index > 0 else {
                try own.run(batch.share(own.streams), dropout: dropout, gradient: gradient)
                return (losses: [Float](), gradient: [Float]())
            }
            let replica = replicas[index - 1]
            let (network, backend) = (replica.network, replica.model.backend)
            if let parameters { try backend.write(parameters, to: replica.model.parameters.buffer) }
            try network.run(
                batch.share(network.streams), dropout: dropout, gradient: gradient == nil ? nil : replica.gradient)
            return (
                try backend.read(network.losses), gradient == nil ? [] : try backend.read(replica.gradient.buffer)
            )
        }
        replicasAreCurrent = true
        try model.backend.copy(own.losses, to: losses[0..<own.losses.count])
        var end = own.losses.count
        for result in results.dropFirst() {
            try model.backend.write(result.losses, to: losses[end..<end + result.losses.count])
            end += result.losses.count
            guard let gradient else { continue }
            try model.backend.write(result.gradient, to: received)
            try model.backend.addBias(received, to: Matrix(gradient.buffer, rows: 1, columns: received.count))
        }
    }

    /// To be called when the parameters are no longer those of the last pass.
    func parametersChanged() { replicasAreCurrent = false }

    // MARK: State

    /// The state of all streams after the last pass; setting it is what the next pass begins with.
    func state() throws -> LanguageModel.State { .joined(try networks.map { try $0.state() }) }

    func setState(_ state: LanguageModel.State) throws {
        for network in networks {
            try network.setState(state.share(network.streams, hiddenSize: model.configuration.hiddenSize))
        }
    }

    /// Undoes what the last pass did to the state.
    func takeBackState() throws {
        for network in networks { try network.takeBackState() }
    }

    /// Where the state lies after the last pass.
    var stateMemory: [DeviceMemory] {
        own.stateBuffers.map { DeviceMemory(backend: model.backend, elements: $0) }
            + replicas.flatMap { replica in
                replica.network.stateBuffers.map { DeviceMemory(backend: replica.model.backend, elements: $0) }
            }
    }
}

/// A buffer and what computes where it lies.
struct DeviceMemory {
    let backend: any Backend
    let elements: Buffer<Float>

    /// As much memory beside it.
    func makeTwin() throws -> DeviceMemory {
        DeviceMemory(backend: backend, elements: try backend.makeBuffer(of: Float.self, count: elements.count))
    }

    func copy(to twin: DeviceMemory) throws { try backend.copy(elements, to: twin.elements) }
}

/// The results of `body` for each index, run side by side; what two indices touch must be apart.
///
/// - Throws: the error of the first index that has one, when all have ended.
private func concurrently<Value: Sendable>(_ count: Int, _ body: (Int) throws -> Value) throws -> [Value] {
    let results = Mutex<[Int: Result<Value, any Error>]>([:])
    nonisolated(unsafe) let body = body
    DispatchQueue.concurrentPerform(iterations: count) { index in
        let result = Result { try body(index) }
        results.withLock { $0[index] = result }
    }
    return try results.withLock { results in try (0..<count).map { try results[$0]!.get() } }
}
