import OpenCLCompute
import Testing

/// What is made of the answers of several drivers: a table stands for them.
@Suite("Platforms and their devices")
struct OpenCLPlatformTests {
    /// A driver's name and what it answers when its devices are asked for.
    struct Platform: Sendable {
        let name: String
        let devices: Result<[OpenCLDeviceInfo], DeviceError>

        init(_ name: String, _ devices: [String]) {
            self.name = name
            self.devices = .success(devices.map { OpenCLPlatformTests.info($0) })
        }

        init(_ name: String, failure: DeviceError) {
            self.name = name
            devices = .failure(failure)
        }
    }

    /// The device of that name in the table of ``OpenCLDeviceInfoTests``.
    static func info(_ name: String) -> OpenCLDeviceInfo {
        OpenCLDeviceInfoTests.examples.first { $0.name == name }!.info
    }

    private func found(_ platforms: [Platform]) throws(DeviceError) -> [String] {
        try OpenCLPlatform.usable(
            of: platforms, name: { platform in platform.name },
            devices: { platform throws(DeviceError) in try platform.devices.get() }, info: { $0 }
        ).map(\.info.name)
    }

    static let (amd, nvidia) = (["gfx1030", "gfx90c:xnack-"], ["NVIDIA GeForce RTX 3080"])

    @Test("Devices are listed over all platforms, in their order")
    func several() throws {
        let platforms = [Platform("AMD", Self.amd), Platform("NVIDIA", Self.nvidia + Self.nvidia)]
        #expect(try found(platforms) == Self.amd + Self.nvidia + Self.nvidia)
    }

    @Test("A platform without a device, and one that fails, hide nothing of the others")
    func besides() throws {
        let failure = DeviceError.callFailed(call: "clGetDeviceIDs", status: .outOfHostMemory, device: "X")
        let others = [Platform("Clover", []), Platform("X", failure: failure)]
        #expect(try found(others + [Platform("NVIDIA", Self.nvidia)]) == Self.nvidia)
        #expect(try found([Platform("NVIDIA", Self.nvidia)] + others) == Self.nvidia)
        let error = #expect(throws: DeviceError.self) { try found(others) }
        #expect(error == .noOpenCLDevice(reason: "no usable device in Clover, X (\(failure))"))
    }

    @Test("A device that does not answer hides nothing of those beside it")
    func deaf() throws {
        let failure = DeviceError.callFailed(call: "clGetDeviceInfo", status: .outOfResources, device: "X")
        func names(_ platforms: [[OpenCLDeviceInfo?]]) throws(DeviceError) -> [String] {
            try OpenCLPlatform.usable(
                of: platforms, name: { _ in "P" }, devices: { $0 },
                info: { info throws(DeviceError) in
                    guard let info else { throw failure }
                    return info
                }
            ).map(\.info.name)
        }
        let sound = Self.amd.map { Optional(Self.info($0)) }
        #expect(try names([[sound[0], nil, sound[1]]]) == Self.amd)
        #expect(try names([[nil], sound, [nil]]) == Self.amd)
        let error = #expect(throws: DeviceError.self) { try names([[nil]]) }
        #expect(error == .noOpenCLDevice(reason: "no usable device in P (\(failure))"))
    }

    @Test("What keeps a driver from offering a device is said in place of what to install")
    func cause() throws {
        let cause = DeviceError.unwritableCache(path: "/a", reason: "Read-only file system")
        let platforms = [Platform("PoCL", failure: cause), Platform("Clover", [])]
        let error = #expect(throws: DeviceError.self) { try found(platforms) }
        #expect(error == cause)
        #expect(try found(platforms + [Platform("NVIDIA", Self.nvidia)]) == Self.nvidia)
    }

    @Test("Devices that cannot be used are left out, and named when there is no other")
    func unusable() throws {
        var old = Self.info("gfx1030")
        old.version = "OpenCL 1.1 Mesa"
        let platforms = [[old], [Self.info("Mali-G78 r0p1")]]
        func names(_ platforms: [[OpenCLDeviceInfo]]) throws(DeviceError) -> [String] {
            try OpenCLPlatform.usable(of: platforms, name: { _ in "P" }, devices: { $0 }, info: { $0 }).map(\.info.name)
        }
        #expect(try names(platforms) == ["Mali-G78 r0p1"])
        let error = #expect(throws: DeviceError.self) { try names([[old]]) }
        #expect(
            error
                == .noOpenCLDevice(
                    reason: "no usable device in P (gfx1030 has version 'OpenCL 1.1 Mesa', older than OpenCL 1.2)"))
    }

    @Test("The best of all platforms' devices is taken, wherever it is listed")
    func best() throws {
        let names = ["pthread-haswell-AMD EPYC", "Intel(R) Iris(R) Xe Graphics", "gfx900:xnack-", "Mali-G78 r0p1"]
        for shift in names.indices {
            let order = names[shift...] + names[..<shift]
            let devices = order.map { name in
                Device(
                    id: name, kind: Self.info(name).kind, vendor: "", name: name, platform: "", version: "",
                    memoryBytes: 1, open: { try Device.cpu.backend() })
            }
            #expect(Device.best(of: devices).id == "gfx900:xnack-")
        }
    }
}
