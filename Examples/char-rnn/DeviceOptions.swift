import ArgumentParser
import CharRNN

/// Where to compute.
struct DeviceOptions: ParsableArguments {
    @Flag(name: .customLong("opencl"), help: "Compute on the best OpenCL device: a graphics card before a processor.")
    var usesOpenCL = false

    @Option(
        name: .customLong("device"),
        help: ArgumentHelp(
            "Compute on this device: cpu, or opencl:0 as 'char-rnn devices' numbers them.", valueName: "name"))
    var deviceName: String?

    func validate() throws {
        if usesOpenCL, let deviceName, !deviceName.hasPrefix("opencl") {
            throw ValidationError("--opencl and --device \(deviceName) contradict each other; give one of them.")
        }
    }

    /// - Throws: ``DeviceError`` when it is not there.
    func device() throws -> Device {
        try deviceName.map { try Device.named($0) } ?? (usesOpenCL ? try Device.bestOpenCL() : .default)
    }
}
