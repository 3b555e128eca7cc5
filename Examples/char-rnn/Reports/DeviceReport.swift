import CharRNN

/// What `char-rnn devices` tells of a device.
struct DeviceReport: Encodable {
    struct Operation: Encodable {
        let operation: String
        /// Relative to the largest value; nil when the operation failed.
        let worstError: Double?
        let fault: String?
    }

    let device: String
    let kind: String
    let vendor: String
    let name: String
    let platform: String
    let version: String
    let memoryBytes: UInt64
    private(set) var operations: [Operation]?
    private(set) var speed: DeviceSpeed?
    private(set) var verdict: String?

    init(_ device: Device) {
        self.device = device.id
        kind = device.kind.rawValue
        vendor = device.vendor
        name = device.name
        platform = device.platform
        version = device.version
        memoryBytes = device.memoryBytes
    }

    var failures: Int { (operations ?? []).count { $0.fault != nil } }

    /// Runs every operation.
    mutating func check(_ device: Device, _ work: LongWork) {
        let results = DeviceCheck.run(on: device) { _, done, count in work.advance(to: Double(done) / Double(count)) }
        operations = results.map { result in
            switch result.outcome {
            case .success(let error): Operation(operation: result.operation, worstError: error, fault: nil)
            case .failure(let fault):
                Operation(
                    operation: result.operation, worstError: nil,
                    fault: fault.error.map(Hints.message) ?? fault.description)
            }
        }
    }

    /// Measures a device whose operations are right, and compares it with the CPU if that was measured.
    mutating func measure(
        _ device: Device, _ configuration: LanguageModel.Configuration, _ dataset: TextDataset, cpu: DeviceSpeed?,
        _ work: LongWork
    ) {
        guard failures == 0 else {
            verdict = "do not use it: it computes wrongly"
            return
        }
        do {
            let speed = try DeviceSpeed(configuration, dataset: dataset, on: device) { work.advance(to: $0) }
            self.speed = speed
            verdict = cpu.map { speed.verdict(against: $0) }
        } catch { verdict = "it cannot train this model: \(Hints.message(of: error))" }
    }

    private static func words(forError error: Double) -> String {
        error == 0 ? "exact" : "worst error \(scientific(error, 1))"
    }

    var text: String {
        let facts = [kind, vendor, "\(ByteCount(memoryBytes))", platform, version].joined(separator: ", ")
        var lines = ["\(device): \(name)"] + Console.wrapped(facts, indent: "  ")
        var told: [String: String] = [:]
        for result in operations ?? [] {
            // The words of a compiler are many; a file that it refuses fails all operations of that file.
            let earlier = result.fault.flatMap { told[$0] }
            if let fault = result.fault { told[fault] = told[fault] ?? result.operation }
            lines.append(
                result.fault.map { "  FAIL  \(result.operation): \(earlier.map { "as \($0)" } ?? $0)" }
                    ?? "  pass  \(result.operation) (\(Self.words(forError: result.worstError!)))")
        }
        if let speed { lines.append(speed.text) }
        if let verdict { lines.append("  verdict: \(verdict)") }
        return printable(lines.joined(separator: "\n"))  // drivers say what they like
    }
}
