import COpenCL
import CharRNNFiles
import FoundationEssentials

/// A program of CLKernels, built for a device, and the kernels taken from it.
struct OpenCLProgram {
    private let program: OpenCLHandle
    private let context: OpenCLContext
    private var kernels: [String: OpenCLKernel] = [:]

    /// Builds the program of `file`.cl, from what an earlier start has kept of it if there is such.
    ///
    /// - Throws: ``DeviceError/kernelBuildFailed(file:device:options:log:savedAt:)``, or why the device builds nothing:
    ///   ``DeviceError/compilerFailed(device:log:)``, ``DeviceError/unwritableCache(path:reason:)``.
    init(_ file: String, in context: OpenCLContext) throws {
        self.context = context
        let kernels = KernelSource(
            file, isForProcessors: context.info.isProcessor, vectorWidth: context.info.vectorWidth)
        let (source, options) = (kernels.text, kernels.options)
        let cache = OpenCLProgramCache(source, options: options, for: context.info)
        if let program = cache.read().flatMap({ Self.program(of: $0, options, in: context) }) {
            self.program = program
            return
        }
        var status: cl_int = 0
        let program = source.withCString { text in
            var text: UnsafePointer<CChar>? = text
            return clCreateProgramWithSource(context.context.pointer, 1, &text, nil, &status)
        }
        try check(status, "clCreateProgramWithSource", on: context.name)
        self.program = OpenCLHandle(program!, release: { clReleaseProgram($0) })

        var device: cl_device_id? = context.device
        status = clBuildProgram(program, 1, &device, options, nil, nil)
        guard status == CL_SUCCESS else {
            if let defect = PoCLCache().defect(ofPlatform: context.info.platform) { throw defect }
            let log = "\(OpenCLStatus(rawValue: status)) \(Self.log(of: program!, in: context))"
            guard Self.buildsAnything(in: context) else {
                throw DeviceError.compilerFailed(device: context.name, log: log)
            }
            throw DeviceError.kernelBuildFailed(
                file: "\(file).cl", device: context.name, options: options, log: log,
                savedAt: Self.save(source, of: file).path)
        }
        cache.write(program!)
    }

    /// Whether the device's compiler is at work at all.
    private static func buildsAnything(in context: OpenCLContext) -> Bool {
        let program = "kernel void nothing(global float *x) { x[0] = 0; }".withCString { text in
            var text: UnsafePointer<CChar>? = text
            return clCreateProgramWithSource(context.context.pointer, 1, &text, nil, nil)
        }
        guard let program else { return false }
        defer { clReleaseProgram(program) }
        var device: cl_device_id? = context.device
        return clBuildProgram(program, 1, &device, nil, nil, nil) == CL_SUCCESS
    }

    /// Keeps a source that was refused, for who wants to look at it: once, however often that happens.
    private static func save(_ source: String, of file: String) -> URL {
        let name = "char-rnn-\(file)-\(String(contentHash(Array(source.utf8)), radix: 16)).cl"
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(name)
        try? source.write(to: path, atomically: true, encoding: .utf8)
        return path
    }

    /// A program from its binary; nil when the driver does not want it.
    private static func program(of binary: [UInt8], _ options: String, in context: OpenCLContext) -> OpenCLHandle? {
        var device: cl_device_id? = context.device
        var (size, status): (Int, cl_int) = (binary.count, 0)
        let program = binary.withUnsafeBufferPointer { bytes in
            var bytes = bytes.baseAddress
            return clCreateProgramWithBinary(context.context.pointer, 1, &device, &size, &bytes, nil, &status)
        }
        guard status == CL_SUCCESS, let program else { return nil }
        let handle = OpenCLHandle(program, release: { clReleaseProgram($0) })
        return clBuildProgram(program, 1, &device, options, nil, nil) == CL_SUCCESS ? handle : nil
    }

    /// The kernel of that name, made at its first use.
    mutating func kernel(_ name: String) throws -> OpenCLKernel {
        if let kernel = kernels[name] { return kernel }
        let kernel = try OpenCLKernel(name, of: program, in: context)
        kernels[name] = kernel
        return kernel
    }

    private static func log(of program: cl_program, in context: OpenCLContext) -> String {
        let key = cl_program_build_info(CL_PROGRAM_BUILD_LOG)
        let log = try? OpenCLPlatform.text(of: "clGetProgramBuildInfo") { size, bytes, needed in
            clGetProgramBuildInfo(program, context.device, key, size, bytes, needed)
        }
        return log ?? "(no log)"
    }
}

/// A kernel and the sizes of work-group in which it may run here; powers of two.
struct OpenCLKernel {
    let handle: OpenCLHandle
    let maxGroupSize: Int
    /// At most 64, which every GPU runs well.
    var groupSize: Int { min(64, maxGroupSize) }

    init(_ name: String, of program: OpenCLHandle, in context: OpenCLContext) throws {
        var status: cl_int = 0
        let kernel = clCreateKernel(program.pointer, name, &status)
        try check(status, "clCreateKernel(\(name))", on: context.name)
        handle = OpenCLHandle(kernel!, release: { clReleaseKernel($0) })
        var limit = 0
        let key = cl_kernel_work_group_info(CL_KERNEL_WORK_GROUP_SIZE)
        status = clGetKernelWorkGroupInfo(kernel, context.device, key, MemoryLayout<Int>.size, &limit, nil)
        try check(status, "clGetKernelWorkGroupInfo(\(name))", on: context.name)
        maxGroupSize = max(1, limit).roundedDownToPowerOfTwo
    }
}

extension Int {
    /// The largest power of two that is not above a positive number.
    var roundedDownToPowerOfTwo: Int { 1 << (Int.bitWidth - 1 - leadingZeroBitCount) }

    /// The smallest power of two that is not below a positive number.
    var roundedUpToPowerOfTwo: Int { self <= 1 ? 1 : (self - 1).roundedDownToPowerOfTwo * 2 }

    /// The quotient, rounded up.
    func dividedRoundingUp(by divisor: Int) -> Int { (self + divisor - 1) / divisor }
}
