import OpenCLCompute

/// A buffer and what computes where it lies.
struct DeviceMemory {
    let backend: any Backend
    let elements: Buffer<Float>
}

extension [DeviceMemory] {
    /// As much memory beside each.
    func makeTwins() throws -> [DeviceMemory] {
        try map {
            DeviceMemory(
                backend: $0.backend, elements: try $0.backend.makeBuffer(of: Float.self, count: $0.elements.count))
        }
    }

    /// Copies each to its twin, on its device.
    func copy(to twins: [DeviceMemory]) throws {
        for (source, twin) in zip(self, twins) { try source.backend.copy(source.elements, to: twin.elements) }
    }
}
