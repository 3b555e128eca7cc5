import CharRNNFiles

extension HostMemory {
    /// - Throws: ``DeviceError/outOfMemory(requestedBytes:limitBytes:memoryBytes:device:)`` when the system would not give
    ///   `bytes` now.
    package static func require(_ bytes: Int) throws {
        let memory = Int(Host.memoryBytes)
        guard hasRoom(for: bytes) else {
            throw DeviceError.outOfMemory(
                requestedBytes: bytes, limitBytes: memory, memoryBytes: memory, device: "the computer")
        }
    }
}
