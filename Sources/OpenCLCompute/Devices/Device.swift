import Synchronization

/// A device that computes: the CPU, or one that OpenCL found. Devices are listed without being started.
public struct Device: Sendable {
    /// What a device is, as far as a choice depends on it.
    public enum Kind: String, Sendable {
        /// The host's processor, through the kernels of CPUKernels and OpenBLAS.
        case cpu = "CPU"
        /// A GPU with memory of its own.
        case discreteGPU = "discrete GPU"
        /// Graphics that share the host's memory.
        case integratedGPU = "integrated GPU"
        /// A device that is neither, such as an FPGA, or that says it is several, such as a simulator. It is used as a
        /// GPU is.
        case accelerator = "accelerator"
        /// The host's processor, through an OpenCL driver.
        case openCLProcessor = "OpenCL CPU"
    }

    /// The name by which ``named(_:)`` finds the device: "cpu", "opencl:0", "opencl:1" …
    public let id: String
    /// What it is.
    public let kind: Kind
    /// Who made it, as the driver says.
    public let vendor: String
    /// Its model, as the driver says.
    public let name: String
    /// The OpenCL platform, or the CPU device's libraries.
    public let platform: String
    /// The device's OpenCL version and driver, or the CPU device's thread count.
    public let version: String
    /// The memory that it has, as the driver says when it is asked now; of the computer's, no more than the process may
    /// use.
    public var memoryBytes: UInt64 { driver.memory()?.total ?? foundMemory.total }
    /// The most that a single buffer may take of it; often a quarter.
    public var largestBufferBytes: UInt64 { driver.memory()?.largestBuffer ?? foundMemory.largestBuffer }

    package let driver: any DeviceDriver
    /// As it was when the device was found.
    private let foundMemory: (total: UInt64, largestBuffer: UInt64)
    private let shared: SharedBackend

    package init(
        id: String, kind: Kind, vendor: String, name: String, platform: String, version: String,
        memoryBytes: UInt64, largestBufferBytes: UInt64? = nil, driver: any DeviceDriver
    ) {
        self.id = id
        self.kind = kind
        self.vendor = vendor
        self.name = name
        self.platform = platform
        self.version = version
        foundMemory = (memoryBytes, largestBufferBytes ?? memoryBytes)
        self.driver = driver
        shared = SharedBackend(driver)
    }

    /// The device's backend, started at the first call and shared by all that use the device.
    public func backend() throws -> any Backend { try shared.get() }

    /// The same device, to be opened once more, with a backend of its own: where something has gone wrong, some drivers
    /// refuse all that comes after it.
    public func reopened() -> Device { opened(by: driver) }

    /// The same device with a backend of its own.
    package func opened(by driver: any DeviceDriver) -> Device {
        Device(
            id: id, kind: kind, vendor: vendor, name: name, platform: platform, version: version,
            memoryBytes: foundMemory.total, largestBufferBytes: foundMemory.largestBuffer, driver: driver)
    }
}

extension Device {
    /// The device used where none is named: the CPU, which every machine has.
    public static var `default`: Device { .cpu }

    /// Every device found: the CPU first, then OpenCL's in the order of its platforms.
    public static var available: [Device] { [cpu] + ((try? openCLDevices.get()) ?? []) }

    /// The best OpenCL device: a discrete GPU before an integrated one, an accelerator or a CPU.
    ///
    /// - Throws: ``DeviceError/noOpenCLDevice(reason:searched:)``.
    public static func bestOpenCL() throws -> Device { best(of: try openCLDevices.get()) }

    /// The device called `name`: "cpu", "opencl" (the best one), or "opencl:0" and so on in the order of ``available``.
    ///
    /// - Throws: ``DeviceError/noSuchDevice(_:available:)``, ``DeviceError/noOpenCLDevice(reason:searched:)``.
    public static func named(_ name: String) throws -> Device {
        // Drivers are not even loaded where none is asked for.
        if name == cpu.id { return cpu }
        if name == "opencl" { return try bestOpenCL() }
        if let device = available.first(where: { $0.id == name }) { return device }
        if name.hasPrefix("opencl:") { _ = try openCLDevices.get() }
        throw DeviceError.noSuchDevice(name, available: available.map(\.id))
    }

    /// The first of the best kind; the list is not empty.
    package static func best(of devices: [Device]) -> Device {
        let ranking: [Kind] = [.discreteGPU, .integratedGPU, .accelerator, .openCLProcessor, .cpu]
        return devices.min { ranking.firstIndex(of: $0.kind)! < ranking.firstIndex(of: $1.kind)! }!
    }
}

extension Device {
    /// Whether it multiplies by weights of 8 bits.
    public var multipliesInt8: Bool { kind == .cpu }
}

extension Device: CustomStringConvertible {
    public var description: String { "\(id) (\(name), \(platform), \(version))" }
}

/// A backend that is started when it is first needed; a failed start is tried again.
private final class SharedBackend: Sendable {
    private let driver: any DeviceDriver
    private let backend = Mutex<(any Backend)?>(nil)

    init(_ driver: any DeviceDriver) { self.driver = driver }

    func get() throws -> any Backend {
        try backend.withLock { backend in
            if let backend { return backend }
            let opened = try driver.open()
            backend = opened
            return opened
        }
    }
}
