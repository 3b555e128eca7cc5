import OpenCLCompute

extension Device {
    /// A made-up device, whose backend `open` makes.
    package init(
        id: String, kind: Kind, vendor: String, name: String, platform: String, version: String, memoryBytes: UInt64,
        open: @escaping @Sendable () throws -> any Backend
    ) {
        self.init(
            id: id, kind: kind, vendor: vendor, name: name, platform: platform, version: version,
            memoryBytes: memoryBytes, driver: ClosureDriver(opening: open))
    }
}

private struct ClosureDriver: DeviceDriver {
    let opening: @Sendable () throws -> any Backend

    func open() throws -> any Backend { try opening() }
}
