import CharRNN

/// What an OpenCL device does in a training step.
struct StepProfile: Encodable {
    /// The launches of a kernel, the calls of a routine of CLBlast, or copies of a kind.
    struct Command: Encodable {
        let name: String
        let calls: Double
        let seconds: Double
        /// Of its operands, each counted once.
        let bytes: Double
        /// Multiplications and additions of matrix products.
        let operations: Double
        /// These bytes in that time, as a share of the device's bandwidth: above 1 what caches give.
        let bandwidthShare: Double
    }

    /// The steps of which all figures are the mean.
    let steps: Int
    /// The longest first.
    let commands: [Command]
    /// Of kernels, a call of CLBlast counting as one.
    let launches: Double
    /// Copies and fills inside the device's memory.
    let deviceCopies: Double
    let hostCopies: Double
    let hostBytes: Double
    /// How often the host waited for all that was queued.
    let hostWaits: Double
    /// How often the host, far ahead, let the device come nearer.
    let hostPauses: Double
    /// Of copies, as `char-rnn devices --check` measures it: 10⁹ bytes a second.
    let bandwidth: Double

    /// nil for a device without a queue.
    init?(
        _ configuration: LanguageModel.Configuration, dataset: TextDataset, on device: Device, seconds: Double
    ) throws {
        let profile = OpenCLProfile()
        guard let profiled = device.profiled(by: profile) else { return nil }
        let bandwidth = try DeviceSpeed.bandwidth(of: try device.backend(), memoryBytes: device.memoryBytes)
        let trainer = try Trainer(model: LanguageModel(configuration, on: profiled, seed: 1), dataset: dataset)
        // Programs are built in the first step.
        _ = try trainer.step()
        _ = try profile.take()
        var report = OpenCLProfile.Report()
        var steps = 0
        let start = ContinuousClock.now
        // No more than the losses that a trainer keeps before it reads them.
        repeat {
            _ = try trainer.step()
            report += try profile.take()
            steps += 1
        } while steps < 100 && start.duration(to: .now).inSeconds < seconds

        func perStep(_ count: Int) -> Double { Double(count) / Double(steps) }
        let transfers = report.works.values.filter { $0.kind == .transfer }
        self.steps = steps
        self.bandwidth = bandwidth
        let longestFirst = report.works.sorted { $0.value.seconds > $1.value.seconds }
        commands = longestFirst.map { name, work in
            Command(
                name: name, calls: perStep(work.calls), seconds: work.seconds / Double(steps),
                bytes: perStep(work.bytes), operations: perStep(work.operations),
                bandwidthShare: work.seconds > 0 ? Double(work.bytes) / work.seconds * 1e-9 / bandwidth : 0)
        }
        launches = perStep(report.calls(.kernel, .product))
        deviceCopies = perStep(report.calls(.copy))
        hostCopies = perStep(report.calls(.transfer))
        hostBytes = perStep(transfers.reduce(0) { $0 + $1.bytes })
        hostWaits = perStep(report.waits)
        hostPauses = perStep(report.pauses)
    }

    /// A table and the totals.
    var lines: [String] {
        let seconds = commands.reduce(0) { $0 + $1.seconds }
        let bytes = commands.reduce(0) { $0 + $1.bytes }
        let operations = commands.reduce(0) { $0 + $1.operations }
        func line(_ cells: [String]) -> String {
            "    " + cells[0].padded(to: 28, atStart: false)
                + zip(cells.dropFirst(), [7, 10, 7, 10, 9, 12]).map { $0.padded(to: $1, atStart: true) }.joined()
        }
        let rows = commands.map { command in
            line([
                command.name, count(command.calls), fixed(1000 * command.seconds, 3),
                fixed(seconds > 0 ? 100 * command.seconds / seconds : 0, 1), fixed(command.bytes * 1e-6, 2),
                command.operations > 0 ? fixed(command.operations * 1e-9, 3) : "",
                "\(fixed(100 * command.bandwidthShare, 0)) %",
            ])
        }
        let heading = [
            "  a training step, the mean of \(steps), on a device of \(fixed(bandwidth, 1)) GB/s:",
            line(["", "calls", "ms", "%", "MB", "GFLOP", "bandwidth"]),
        ]
        let totals = [
            "    \(count(launches)) launches, \(count(deviceCopies)) copies on the device: "
                + "\(fixed(1000 * seconds, 2)) ms, \(fixed(bytes * 1e-6, 1)) MB, \(fixed(operations * 1e-9, 2)) GFLOP",
            "    from and to the host: \(Count(Int(hostBytes))) bytes in \(count(hostCopies)) "
                + "\(hostCopies == 1 ? "copy" : "copies"), "
                + "\(count(hostWaits)) waits, \(count(hostPauses)) pauses",
        ]
        return heading + rows + totals
    }

    private func count(_ number: Double) -> String { fixed(number, number == number.rounded() ? 0 : 1) }
}

extension String {
    fileprivate func padded(to width: Int, atStart: Bool) -> String {
        let spaces = String(repeating: " ", count: max(1, width - count))
        return atStart ? spaces + self : self + spaces
    }
}
