import ArgumentParser
import CharRNN

struct Devices: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the devices of this machine, and check that they compute correctly.",
        discussion: """
            The first word of each line is the name that --device takes. --check runs every operation on each device \
            and compares it with the CPU; run it first on a new machine or driver.
            """)

    @Flag(help: "Run every operation on each device and compare the results with the CPU's.")
    var check = false

    func run() throws {
        let devices = Device.available
        var failures = 0
        for device in devices {
            let facts = [
                device.kind.rawValue, device.vendor, device.name, device.platform, device.version,
                "\(device.memoryBytes >> 20) MB",
            ]
            print("\(device.id): \(facts.joined(separator: ", "))")
            if check { failures += report(device) }
        }
        if devices.count == 1 {
            do { _ = try Device.bestOpenCL() } catch { Console.note("\(error)") }
        }
        if failures > 0 { throw Failure("\(failures) operations failed; see above, and use --device cpu meanwhile") }
    }

    /// Prints a line an operation; returns how many failed.
    private func report(_ device: Device) -> Int {
        let results = DeviceCheck.run(on: device)
        for result in results {
            switch result.outcome {
            case .success(let error): print("  pass  \(result.operation) (worst error \(scientific(error, 1)))")
            case .failure(let fault): print("  FAIL  \(result.operation): \(fault)")
            }
        }
        return results.count { if case .failure = $0.outcome { true } else { false } }
    }
}
