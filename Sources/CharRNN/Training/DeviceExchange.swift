import OpenCLCompute

/// The exchange within one process: gradients travel through the host to the first device, which adds them up in the
/// order of the devices. With one device there is nothing to do.
public final class DeviceExchange: GradientExchange {
    public let count = 1
    public let rank = 0
    private var replicas: [Replica] = []
    /// Where the gradient of one after the other lands on the first device.
    private var received: Buffer<Float>?

    /// For one trainer.
    public init() {}

    public func prepare(_ replicas: [Replica]) throws {
        precondition(self.replicas.isEmpty, "an exchange serves one trainer")
        self.replicas = replicas
        guard replicas.count > 1 else { return }
        received = try replicas[0].backend.makeBuffer(of: Float.self, count: replicas[0].gradient.count)
    }

    public func sendParameters() throws {
        guard replicas.count > 1 else { return }
        let values = try replicas[0].backend.read(replicas[0].parameters)
        _ = try concurrently(on: replicas.dropFirst()) { try $0.backend.write(values, to: $0.parameters) }
    }

    public func sumGradients() throws {
        guard let received else { return }
        let first = replicas[0]
        for gradient in try concurrently(on: replicas.dropFirst(), { try $0.backend.read($0.gradient) }) {
            try first.backend.write(gradient, to: received)
            try first.backend.add(received, to: first.gradient)
        }
    }

    public func gather(_ values: [Float]) throws -> [[Float]] { [values] }
}
