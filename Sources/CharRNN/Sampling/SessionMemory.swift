import CharRNNFiles
import OpenCLCompute

extension LanguageModel {
    /// Asks for all the memory that a group of so many texts takes, before anything is computed from their number.
    ///
    /// - Throws: `DeviceError/outOfMemory(requestedBytes:limitBytes:memoryBytes:device:)`.
    func requireRoom(forTexts count: Int) throws {
        let (n, v) = (Double(count), Double(configuration.vocabulary.count))
        let units = Double(configuration.layerCount) * Double(configuration.hiddenSize)
        let cell = configuration.cell
        // Of each unit the gates, the state before, after and at rest, what a cell carries besides, and the factor of a
        // second product. Of each text the logits, and the indices of its token and of the one that follows.
        let ofUnit = Double(cell.gateCount + 3 + (cell.carriesMemory ? 3 : 0) + cell.intermediateCount)
        let onDevice = 4 * n * (units * ofUnit + v + 2)
        // The logits as each thread has them, all together and as distributions, each an array, and the states on their way to
        // the device.
        let onHost = n * (3 * 4 * v + 64 + 4 * units * (cell.carriesMemory ? 2 : 1))
        let limit = Double(device.memoryBytes)
        guard onDevice <= limit else {
            throw DeviceError.outOfMemory(
                requestedBytes: Int(min(onDevice, 0x1p62)), limitBytes: Int(clamping: device.memoryBytes),
                memoryBytes: Int(clamping: device.memoryBytes), device: device.description)
        }
        let inHostMemory = device.usesHostMemory ? onDevice : 0
        try HostMemory.require(Int(min(onHost + inHostMemory, 0x1p62)))
    }
}
