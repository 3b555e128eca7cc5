extension OpenCLBackend {
    func makeBuffer<Element>(of type: Element.Type, count: Int) throws -> Buffer<Element> {
        checkElement(type, count: count)
        return Buffer(storage: try OpenCLStorage(count: count, in: context), count: count)
    }

    func write<Element>(_ values: [Element], to buffer: Buffer<Element>) throws {
        try context.write(values, to: buffer)
    }

    func read<Element>(_ buffer: Buffer<Element>) throws -> [Element] { try context.read(buffer) }

    func copy(_ source: Buffer<Float>, to destination: Buffer<Float>) throws {
        checkCopy(source, to: destination)
        try enqueue { stream in try stream.copy(source, to: destination) }
    }

    func fill(_ buffer: Buffer<Float>, with value: Float) throws {
        try enqueue { stream in try stream.fill(buffer, with: value) }
    }

    func synchronize() throws { try context.finish() }
}
