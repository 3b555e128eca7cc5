import OpenCLCompute
import TestSupport
import Testing

@Suite("What devices refuse")
struct DeviceErrorTests {
    @Test("More memory than the device has is refused, and the device goes on", arguments: DeviceTests.openCLDevices)
    func outOfMemory(device: Device) throws {
        let backend = try device.backend()
        let count = Int(device.memoryBytes / 4) + 1
        let error = #expect(throws: DeviceError.self) { try backend.makeBuffer(of: Float.self, count: count) }
        guard case .outOfMemory(let requested, let limit, let memory, let name) = error else {
            Issue.record("\(String(describing: error)) instead of outOfMemory")
            return
        }
        #expect(requested == 4 * count)
        #expect(limit > 0 && limit < requested)
        #expect(memory == device.memoryBytes)
        #expect(name.contains(device.name) || name.contains(device.id))

        let bench = try Workbench(device)
        expectSame(try bench.read(try bench.buffer([1, 2, 3])), [1, 2, 3])
    }

    @Test("The memory of all CPU devices counts together")
    func memoryHeldByAll() throws {
        let megabyte = 1 << 20
        try withExtendedLifetime(#require(CPUStorage(byteCount: megabyte, limit: .max))) {
            #expect(CPUStorage(byteCount: 1, limit: megabyte) == nil)
            #expect(CPUStorage(byteCount: .max, limit: .max - 1) == nil)
        }
    }

    @Test("Errors say what, where and what to do in one line", arguments: zip(errors, lines))
    func description(error: DeviceError, line: String) {
        #expect("\(error)" == line)
    }

    @Test("A status has the name of the headers, and one that they have not its number")
    func statuses() {
        #expect(OpenCLStatus.outOfResources.name == "CL_OUT_OF_RESOURCES")
        #expect("\(OpenCLStatus.platformNotFound)" == "CL_PLATFORM_NOT_FOUND_KHR (-1001)")
        #expect("\(OpenCLStatus(rawValue: -2050))" == "CLBlastInsufficientMemoryTemp (-2050)")
        let unknown = OpenCLStatus(rawValue: -4711)
        #expect(unknown.name == nil && "\(unknown)" == "status -4711")
    }

    static let errors: [DeviceError] = [
        .noSuchDevice("gpu", available: ["cpu", "opencl:0"]),
        .noOpenCLDevice(reason: "no driver is installed"),
        .callFailed(call: "clCreateBuffer", status: .invalidBufferSize, device: "opencl:0"),
        .kernelBuildFailed(
            file: "lstm.cl", device: "opencl:0", options: "-DWIDTH=8", log: "1:1: error", savedAt: "/tmp/lstm.cl"),
        .compilerFailed(device: "opencl:0", log: "unknown target"),
        .unwritableCache(path: "/a/pocl/kcache", reason: "Permission denied"),
        .callFailed(call: "clFinish", status: .outOfResources, device: "opencl:0"),
        .outOfMemory(
            requestedBytes: 8_000_000_000, limitBytes: 2_000_000_000, memoryBytes: 4_000_000_000, device: "opencl:0"),
        .noInt8(device: "opencl:0"),
    ]
    static let lines = [
        "no device 'gpu'; found: cpu, opencl:0",
        "no OpenCL device: no driver is installed; install your graphics driver's OpenCL package, or "
            + "pocl-opencl-icd to run OpenCL on the processor",
        "clCreateBuffer failed with CL_INVALID_BUFFER_SIZE (-61) on opencl:0: the driver refused it; see "
            + "whether its DeviceCheck passes, and use another device meanwhile",
        "lstm.cl does not build on opencl:0 with '-DWIDTH=8' (clBuildProgram; source saved as /tmp/lstm.cl); update the "
            + "driver, or use another device; its compiler says: 1:1: error",
        "opencl:0 builds no kernel, not even an empty one (clBuildProgram); update the driver, or use another device; its "
            + "compiler says: unknown target",
        "the OpenCL driver PoCL needs a folder for what it compiles, and cannot write into /a/pocl/kcache: Permission "
            + "denied; make the folder writable, or set POCL_CACHE_DIR to one that is",
        "clFinish failed with CL_OUT_OF_RESOURCES (-5) on opencl:0: the device ran out of memory or stopped answering; "
            + "try a smaller batch size, or another device",
        "opencl:0 cannot give 8.0 GB of memory: it has 4.0 GB; use a smaller batch "
            + "size, sequence length or hidden size",
        "opencl:0 does not multiply by weights of 8 bits; use the device cpu, or the precision float32",
    ]
}
