import FoundationEssentials

/// What a device could not do: facts, which ``description`` turns into one line.
public enum DeviceError: Error, Equatable {
    /// No device goes by that name; `available` are those that were found.
    case noSuchDevice(String, available: [String])
    /// OpenCL was asked for and no device of it exists on this machine.
    case noOpenCLDevice(reason: String)
    /// A call of OpenCL or CLBlast failed, on a device once it is known.
    case callFailed(call: String, status: String, device: String)
    /// The device's compiler refused a kernel file; the source is at `savedAt`.
    case kernelBuildFailed(file: String, device: String, options: String, log: String, savedAt: String)
    /// An allocation exceeds what is left of the device's memory or what a single buffer may take, the smaller of
    /// which is the limit; or the driver refuses one that it should have room for.
    case outOfMemory(requestedBytes: Int, limitBytes: Int, memoryBytes: Int, device: String)
}

extension DeviceError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noSuchDevice(let name, let available):
            "no device '\(name)'; found: \(available.joined(separator: ", ")) (list them with: char-rnn devices)"
        case .noOpenCLDevice(let reason):
            "no OpenCL device: \(reason); install your graphics driver's OpenCL package, or "
                + "pocl-opencl-icd to run OpenCL on the processor"
        case .callFailed(let call, let status, let device):
            "\(call) failed with \(status) on \(device): \(Self.advice(for: status))"
        case .kernelBuildFailed(let file, let device, let options, let log, let savedAt):
            "\(file) does not build on \(device) with '\(options)' (clBuildProgram; source saved as \(savedAt)); update "
                + "the driver, or use another device; its compiler says: \(log)"
        case .outOfMemory(let requested, let limit, let memory, let device):
            "\(device) cannot give \(requested) bytes: "
                + (requested > limit
                    ? "of its \(memory) it can give \(limit) at once"
                    : "of its \(memory) too many are in use, or a limit is set")
                + "; use a smaller batch size, sequence length or hidden size"
        }
    }

    /// What a status means, and what to do about it.
    private static func advice(for status: String) -> String {
        switch status.prefix(while: { $0 != " " }) {
        case "CL_OUT_OF_RESOURCES":
            "the device ran out of memory or stopped answering; try a smaller batch size, or another device"
        case "CL_MEM_OBJECT_ALLOCATION_FAILURE":
            "the device has no memory left; use a smaller batch size, sequence length or hidden size"
        case "CL_OUT_OF_HOST_MEMORY":
            "the machine has no memory left; close other programs, or use smaller sizes"
        case "CL_DEVICE_NOT_AVAILABLE":
            "the device is taken, switched off or lost; try again, or use another device"
        case "CL_COMPILER_NOT_AVAILABLE", "CL_BUILD_PROGRAM_FAILURE", "CL_INVALID_BINARY":
            "the driver's compiler failed; update the driver, or use another device"
        default:
            "the driver refused it; see whether char-rnn devices --check passes, and use another device meanwhile"
        }
    }
}

extension DeviceError: LocalizedError {
    public var errorDescription: String? { description }
}
