import COpenCL
import CharRNNFiles

/// What a driver says about a device; everything that we decide about the device follows from these facts.
package struct OpenCLDeviceInfo: Sendable {
    package var name: String
    package var vendor: String
    package var platform: String
    /// "OpenCL 3.0 …".
    package var version: String
    package var driver: String
    /// Bits of CL_DEVICE_TYPE_….
    package var type: UInt64
    package var hostUnifiedMemory: Bool
    /// In bytes, as the next two.
    package var globalMemory: UInt64
    package var maxAllocation: UInt64
    package var localMemory: UInt64
    /// Of the device and in the first dimension.
    package var maxWorkGroupSize: Int
    package var computeUnits: Int
    package var isAvailable: Bool
    package var hasCompiler: Bool

    package init(
        name: String, vendor: String, platform: String, version: String, driver: String, type: UInt64,
        hostUnifiedMemory: Bool, globalMemory: UInt64, maxAllocation: UInt64, localMemory: UInt64,
        maxWorkGroupSize: Int, computeUnits: Int, isAvailable: Bool = true, hasCompiler: Bool = true
    ) {
        self.name = name
        self.vendor = vendor
        self.platform = platform
        self.version = version
        self.driver = driver
        self.type = type
        self.hostUnifiedMemory = hostUnifiedMemory
        self.globalMemory = globalMemory
        self.maxAllocation = Self.countable(maxAllocation)
        self.localMemory = localMemory
        self.maxWorkGroupSize = maxWorkGroupSize
        // Work is shared among them, so there is one at least. On a processor there are no more than the process may run
        // on, whatever the driver says; Mesa's llvmpipe says 8 on two cores.
        self.computeUnits = max(1, computeUnits)
        self.isAvailable = isAvailable
        self.hasCompiler = hasCompiler
        if isProcessor { self.computeUnits = min(self.computeUnits, Host.coreCount) }
    }

    /// Kernels count elements, of four bytes, in ints of 32 bits.
    private static func countable(_ bytes: UInt64) -> UInt64 { min(bytes, 4 * UInt64(Int32.max)) }
}

extension OpenCLDeviceInfo {
    package var kind: Device.Kind {
        let (cpu, gpu) = (UInt64(CL_DEVICE_TYPE_CPU), UInt64(CL_DEVICE_TYPE_GPU))
        // The default device of a platform has a bit for that besides.
        switch type & (cpu | gpu | UInt64(CL_DEVICE_TYPE_ACCELERATOR)) {
        case gpu: return hostUnifiedMemory ? .integratedGPU : .discreteGPU
        case cpu, 0: return .openCLProcessor
        // Also what says that it is several: Oclgrind, which simulates a device, has all three bits.
        default: return .accelerator
        }
    }

    /// Why the device cannot be used, or nil when it can.
    package var defect: String? {
        if !isAvailable { return "is not available" }
        if !hasCompiler { return "has no kernel compiler" }
        if let (major, minor) = versionNumber, (major, minor) >= (1, 2) { return nil }
        return "has version '\(version)', older than OpenCL 1.2"
    }

    private var versionNumber: (major: Int, minor: Int)? {
        let words = version.split(separator: " ")
        guard words.count >= 2, words[0] == "OpenCL" else { return nil }
        let numbers = words[1].split(separator: ".").map { Int($0) }
        guard numbers.count == 2, let major = numbers[0], let minor = numbers[1] else { return nil }
        return (major, minor)
    }

    /// By which what is kept on disk for one device and driver is told from that of others.
    var identity: [String] { [platform, name, version, driver] }

    /// The same device, said to be a GPU.
    var asGPU: OpenCLDeviceInfo {
        var gpu = self
        gpu.type = UInt64(CL_DEVICE_TYPE_GPU)
        return gpu
    }

    /// Whether it runs the kernels that are made for processors.
    var isProcessor: Bool { kind == .openCLProcessor }

    /// How many neighbouring floats a work-item holds; see CLKernels/common.cl.
    package var vectorWidth: Int { isProcessor ? 8 : 1 }

    /// How many work-items share a sum: on a processor one walks alone, since a barrier costs more than it brings.
    package var laneCount: Int { isProcessor ? 1 : 64 }
}

extension OpenCLDeviceInfo {
    /// Asks the driver.
    init(_ device: cl_device_id) throws(DeviceError) {
        let platform: cl_platform_id? = try Self.value(of: CL_DEVICE_PLATFORM, of: device, initially: nil)
        let flag: (Int32) throws(DeviceError) -> Bool = { key throws(DeviceError) in
            try Self.value(of: key, of: device, initially: cl_bool(0)) != 0
        }
        let hostUnifiedMemory = try flag(CL_DEVICE_HOST_UNIFIED_MEMORY)
        self.init(
            name: try Self.text(of: CL_DEVICE_NAME, of: device),
            vendor: try Self.text(of: CL_DEVICE_VENDOR, of: device),
            platform: try OpenCLPlatform.name(of: platform),
            version: try Self.text(of: CL_DEVICE_VERSION, of: device),
            driver: try Self.text(of: CL_DRIVER_VERSION, of: device),
            type: try Self.value(of: CL_DEVICE_TYPE, of: device, initially: 0),
            hostUnifiedMemory: hostUnifiedMemory, globalMemory: 0, maxAllocation: 0,
            localMemory: try Self.value(of: CL_DEVICE_LOCAL_MEM_SIZE, of: device, initially: 0),
            maxWorkGroupSize: min(
                try Self.value(of: CL_DEVICE_MAX_WORK_GROUP_SIZE, of: device, initially: 0),
                try Self.workItemSizes(device)[0]),
            computeUnits: Int(try Self.value(of: CL_DEVICE_MAX_COMPUTE_UNITS, of: device, initially: cl_uint(0))),
            isAvailable: try flag(CL_DEVICE_AVAILABLE),
            hasCompiler: try flag(CL_DEVICE_COMPILER_AVAILABLE))
        try updateMemory(device)
    }

    /// Asks again how much memory there is: with some drivers it changes from hour to hour.
    mutating func updateMemory(_ device: cl_device_id) throws(DeviceError) {
        let memory: UInt64 = try Self.value(of: CL_DEVICE_GLOBAL_MEM_SIZE, of: device, initially: 0)
        let largest: UInt64 = try Self.value(of: CL_DEVICE_MAX_MEM_ALLOC_SIZE, of: device, initially: 0)
        globalMemory = hostUnifiedMemory ? min(memory, Host.memoryBytes) : memory
        maxAllocation = Self.countable(largest)
    }

    private static func value<Value: BitwiseCopyable>(
        of key: Int32, of device: cl_device_id, initially: Value
    ) throws(DeviceError) -> Value {
        var value = initially
        let status = clGetDeviceInfo(device, cl_device_info(key), MemoryLayout<Value>.size, &value, nil)
        try check(status, "clGetDeviceInfo", on: "a device")
        return value
    }

    /// The largest group in each dimension, of which there are at least three.
    private static func workItemSizes(_ device: cl_device_id) throws(DeviceError) -> [Int] {
        let dimensions = try value(of: CL_DEVICE_MAX_WORK_ITEM_DIMENSIONS, of: device, initially: cl_uint(0))
        var sizes = [Int](repeating: 0, count: max(1, Int(dimensions)))
        let status = clGetDeviceInfo(
            device, cl_device_info(CL_DEVICE_MAX_WORK_ITEM_SIZES), sizes.count * MemoryLayout<Int>.size, &sizes, nil)
        try check(status, "clGetDeviceInfo", on: "a device")
        return sizes
    }

    private static func text(of key: Int32, of device: cl_device_id) throws(DeviceError) -> String {
        try OpenCLPlatform.text(of: "clGetDeviceInfo") { size, bytes, needed in
            clGetDeviceInfo(device, cl_device_info(key), size, bytes, needed)
        }
    }
}
