import CharRNNFiles

extension CPUBackend {
    func makeBuffer<Element>(of type: Element.Type, count: Int) throws -> Buffer<Element> {
        checkElement(type, count: count)
        let byteCount = count * MemoryLayout<Element>.stride
        let limit = Int(Host.memoryBytes)
        // The system promises more memory than it has and ends the program when it is used, so ask no more of it.
        guard let storage = CPUStorage(byteCount: byteCount, limit: limit) else {
            throw DeviceError.outOfMemory(
                requestedBytes: byteCount, limitBytes: limit, memoryBytes: limit, device: "the CPU")
        }
        return Buffer(storage: storage, count: count)
    }

    func write<Element>(_ values: [Element], to buffer: Buffer<Element>) {
        checkWrite(values.count, to: buffer.count)
        values.withUnsafeBufferPointer { source in
            if let base = source.baseAddress { buffer.pointer.update(from: base, count: values.count) }
        }
    }

    func read<Element>(_ buffer: Buffer<Element>) -> [Element] {
        Array(UnsafeBufferPointer(start: buffer.pointer, count: buffer.count))
    }

    func copy(_ source: Buffer<Float>, to destination: Buffer<Float>) {
        checkCopy(source, to: destination)
        destination.pointer.update(from: source.pointer, count: source.count)
    }

    func fill(_ buffer: Buffer<Float>, with value: Float) {
        buffer.pointer.update(repeating: value, count: buffer.count)
    }

    /// Operations have run when their call returns.
    func synchronize() {}
}
