import ArgumentParser
import CharRNN

struct Devices: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the devices of this machine, check that they compute correctly, and which is fastest.",
        discussion: """
            The first word of each device is the name that --device takes. --check runs every operation on each device \
            and compares it with the CPU, then measures how fast it trains the model that the options describe; run it \
            first on a new machine or driver.
            """)

    @Flag(help: "Compare the results of each device with the CPU's, and its speed for a model.")
    var check = false
    @Flag(help: "With --check: only whether results are right, which takes a second and not ten.")
    var quick = false
    @Flag(help: "Print a JSON object a device.")
    var json = false
    @OptionGroup(title: "Model whose speed is measured") var model: ModelOptions
    @OptionGroup(title: "Model whose speed is measured") var batch: BatchOptions

    func validate() throws {
        try require(check || !quick, "--quick belongs to --check.")
        let sizes = CommandLineWords.typed.subtracting(["--check", "--quick", "--json"]).sorted()
        try require(check || sizes.isEmpty, "\(sizes.first ?? "") only works with --check.")
        try batch.requireMeasurable()
    }

    func run() throws {
        let devices = Device.available
        // The vocabulary of a text in English.
        let (configuration, dataset) = try Bench.task(model, batch, vocabularySize: 65)
        var failures = 0
        var cpu: DeviceSpeed?
        for device in devices {
            var report = DeviceReport(device)
            if check { LongWork.telling("checking \(device.id)") { report.check(device, $0) } }
            if check, !quick {
                LongWork.telling("measuring \(device.id)") {
                    report.measure(device, configuration, dataset, cpu: cpu, $0)
                }
            }
            if device.kind == .cpu { cpu = report.speed }
            Console.output(Array(((json ? try report.jsonLine() : report.text) + "\n").utf8))
            failures += report.failures
        }
        if devices.count == 1 {
            do { _ = try Device.bestOpenCL() } catch { Console.note(Hints.message(of: error)) }
        }
        if failures > 0 {
            throw Failure(
                "\(failures) operation\(failures == 1 ? "" : "s") failed; see above, and use --device cpu meanwhile")
        }
    }
}
