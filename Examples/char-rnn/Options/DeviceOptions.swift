import ArgumentParser
import CharRNN

/// Where to compute.
struct DeviceOptions: ParsableArguments {
    @Flag(name: .customLong("opencl"), help: "Compute on the best OpenCL device: a GPU before a processor.")
    var usesOpenCL = false

    @Option(
        name: .customLong("device"),
        help: ArgumentHelp(
            "Compute on this device: cpu, or opencl:0 and so on, as 'char-rnn devices' lists them. train also takes "
                + "several, opencl:0,opencl:1, which share each batch.", valueName: "name"))
    var deviceName: String?

    func validate() throws {
        if usesOpenCL, let deviceName, !deviceName.hasPrefix("opencl") {
            throw ValidationError("--opencl and --device \(deviceName) contradict each other; give one of them.")
        }
    }

    /// - Throws: ``DeviceError`` when it is not there, `ValidationError` when there are several.
    func device() throws -> Device {
        let devices = try devices()
        guard devices.count == 1 else {
            throw ValidationError("--device \(deviceName!): only train shares its work among devices; name one.")
        }
        return devices[0]
    }

    /// The device, or the devices of a list.
    ///
    /// - Throws: ``DeviceError`` when one is not there, `ValidationError` when one is named twice.
    func devices() throws -> [Device] {
        guard let deviceName else { return [usesOpenCL ? try Device.bestOpenCL() : .default] }
        let devices = try deviceName.split(separator: ",", omittingEmptySubsequences: false).map {
            try Device.named(String($0))
        }
        guard Set(devices.map(\.id)).count == devices.count else {
            throw ValidationError("--device \(deviceName): a device is named twice; name each once.")
        }
        return devices
    }
}
