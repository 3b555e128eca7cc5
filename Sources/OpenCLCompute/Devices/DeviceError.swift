import CharRNNFiles
import FoundationEssentials

/// What a device could not do: facts, which ``description`` turns into one line.
public enum DeviceError: Error, Equatable {
    /// No device goes by that name; `available` are those that were found.
    case noSuchDevice(String, available: [String])
    /// OpenCL was asked for and no device of it exists on this machine. `searched` is the setting that has drivers looked
    /// for in another place than the system's, such as "OCL_ICD_VENDORS=/opt/drivers".
    case noOpenCLDevice(reason: String, searched: String? = nil)
    /// A call of OpenCL or CLBlast failed, on a device once it is known.
    case callFailed(call: String, status: OpenCLStatus, device: String)
    /// The device's compiler refused a kernel file; the source is at `savedAt`.
    case kernelBuildFailed(file: String, device: String, options: String, log: String, savedAt: String)
    /// The device's compiler refuses even an empty kernel.
    case compilerFailed(device: String, log: String)
    /// PoCL has no folder for what it compiles, without which it has no device, or compiles nothing.
    case unwritableCache(path: String, reason: String)
    /// An allocation exceeds what is left of the device's memory or what a single buffer may take, the smaller of
    /// which is the limit; or the driver refuses one that it should have room for.
    case outOfMemory(requestedBytes: Int, limitBytes: Int, memoryBytes: Int, device: String)
    /// The device does not multiply by weights of 8 bits; see ``Device/multipliesInt8``.
    case noInt8(device: String)
}

extension DeviceError: LocalizedError {
    /// What has happened, without what to do about it.
    public var failureReason: String? {
        switch self {
        case .noSuchDevice(let name, let available):
            "no device '\(name)'; found: \(available.joined(separator: ", "))"
        case .noOpenCLDevice(let reason, nil): "no OpenCL device: \(reason)"
        case .noOpenCLDevice(let reason, let searched?):
            "no OpenCL device: \(reason), looking only where \(searched) says"
        case .callFailed(let call, let status, let device):
            "\(call) failed with \(status) on \(device): \(status.meaning?.text ?? "the driver refused it")"
        case .kernelBuildFailed(let file, let device, let options, _, let savedAt):
            "\(file) does not build on \(device) with '\(options)' (clBuildProgram; source saved as \(savedAt))"
        case .compilerFailed(let device, _): "\(device) builds no kernel, not even an empty one (clBuildProgram)"
        case .unwritableCache(let path, let reason):
            "the OpenCL driver PoCL needs a folder for what it compiles, and cannot write into \(path): \(reason)"
        case .outOfMemory(let requested, let limit, let memory, let device):
            "\(device) cannot give \(ByteCount(requested)) of memory: "
                + (requested > memory
                    ? "it has \(ByteCount(memory))"
                    : requested > limit
                        ? "it gives at most \(ByteCount(limit)) of its \(ByteCount(memory)) at once"
                        : "not enough of its \(ByteCount(memory)) is free, or a limit is set")
        case .noInt8(let device): "\(device) does not multiply by weights of 8 bits"
        }
    }

    /// What to do about it, where more can be said than what has happened.
    public var recoverySuggestion: String? {
        switch self {
        case .noSuchDevice: nil
        case .noOpenCLDevice(_, let searched?):
            "unset \(searched.prefix { $0 != "=" }) to look where the system has its drivers"
        case .noOpenCLDevice:
            "install your graphics driver's OpenCL package, or pocl-opencl-icd to run OpenCL on the processor"
        case .callFailed(_, let status, _):
            status.meaning?.advice ?? "see whether its DeviceCheck passes, and use another device meanwhile"
        case .kernelBuildFailed, .compilerFailed: "update the driver, or use another device"
        case .unwritableCache: "make the folder writable, or set POCL_CACHE_DIR to one that is"
        case .outOfMemory: "use a smaller batch size, sequence length or hidden size"
        case .noInt8: "use the device cpu, or the precision float32"
        }
    }

    public var errorDescription: String? { description }
}

extension DeviceError {
    /// What the device's compiler has said, where it refused something.
    private var compilerLog: String? {
        switch self {
        case .kernelBuildFailed(_, _, _, let log, _), .compilerFailed(_, let log): log
        default: nil
        }
    }

    /// Whether nothing will compute on the device, whatever is tried.
    var rulesOutDevice: Bool {
        switch self {
        case .compilerFailed, .unwritableCache: true
        default: false
        }
    }
}

extension DeviceError: CustomStringConvertible {
    public var description: String {
        guard let log = compilerLog else { return line }
        return "\(line); its compiler says: \(log)"
    }
}
