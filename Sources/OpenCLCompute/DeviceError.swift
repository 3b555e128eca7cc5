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
    /// An allocation exceeds what the device has or what a single buffer may take.
    case outOfMemory(requestedBytes: Int, limitBytes: Int, device: String)
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
            "\(call) failed with \(status) on \(device)"
        case .kernelBuildFailed(let file, let device, let options, let log, let savedAt):
            "\(file) does not build on \(device) with '\(options)' (source saved as \(savedAt)): \(log)"
        case .outOfMemory(let requested, let limit, let device):
            "\(device) cannot give \(requested) bytes (its limit is \(limit)); use a smaller batch size, "
                + "sequence length or hidden size"
        }
    }
}
