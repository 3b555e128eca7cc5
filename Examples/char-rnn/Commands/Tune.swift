import ArgumentParser
import CharRNN
import FoundationEssentials
import Glibc

struct Tune: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look for the parameters with which a GPU trains a model fastest, and keep them.",
        discussion: """
            The library CLBlast multiplies matrices on a GPU. It comes with parameters measured on many GPUs, and \
            takes average ones on all others. This tries more of them, and whether a layer is faster with one launch for \
            all its time steps or with CLBlast's products in each, on training steps of the model that the options describe. \
            Whatever computes other results than the CPU is left out. What is fastest is kept in a file for this GPU and \
            driver, and used by every later run. Ctrl-C ends the search with the best so far.
            """)

    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Model") var batch: BatchOptions
    @OptionGroup(title: "Device") var device: DeviceOptions
    @Option(parsing: .unconditional, help: "How long to search at most.")
    var minutes = 10.0
    @Flag(help: "Forget what was found for this GPU.")
    var reset = false

    func validate() throws {
        try require(minutes > 0 && minutes <= 1440, "--minutes \(minutes): it must be above 0 and at most 1440.")
        try batch.requireMeasurable()
    }

    func run() throws {
        let device = try device.device()
        Console.note("device: \(device)")
        guard let tuning = device.tuning else {
            let hint = device.kind == .cpu ? "; name a GPU with --opencl or --device" : ""
            return Console.note("there is nothing to tune on a processor\(hint)")
        }
        // Before the search rather than after it.
        guard let file = tuning.file else {
            throw Failure(
                "there is no place to keep the result: neither XDG_CACHE_HOME nor HOME is the absolute path of a folder; "
                    + "set XDG_CACHE_HOME to one")
        }
        if reset {
            try keep(nil, tuning, in: file)
            return Console.note("from the next run on \(device.id) computes with CLBlast's own parameters")
        }
        try search(on: device, tuning, keepingIn: file)
    }

    private func search(on device: Device, _ tuning: GPUTuning, keepingIn file: URL) throws {
        let (configuration, dataset) = try Bench.task(model, batch, vocabularySize: 65)
        func steps(on device: Device) throws -> Trainer {
            let trainer = try Trainer(model: LanguageModel(configuration, on: device, seed: 1), dataset: dataset)
            for _ in 0..<3 { _ = try trainer.step() }
            return trainer
        }
        let expected = try steps(on: .cpu).losses()
        let limit = ContinuousClock.now + .seconds(60 * minutes)
        _ = try device.backend()  // which brings what was found before
        let start = try tuning.current()
        // A second signal ends the search as it stands.
        Interruption.watch { number, _, _ in signal(number, SIG_DFL) }
        var opened = device
        func seconds(with parameters: GPUTuning.Parameters) throws -> Double {
            var isSound = false
            defer { if !isSound { opened = opened.reopened() } }
            _ = try opened.backend()
            try tuning.apply(parameters)
            let trainer = try steps(on: opened)
            // Some parameters compute nonsense, and say that all went well.
            let isRight = zip(try trainer.losses(), expected).allSatisfy { abs($0 - $1) <= 1e-3 * $1 }
            guard isRight else {
                throw Failure("\(device.id) learns differently from the CPU; see: char-rnn devices --check")
            }
            let seconds = try medianSeconds(for: 0.3) { _ = try trainer.step().loss }
            isSound = true
            return seconds
        }
        do { _ = try seconds(with: start) } catch  where tuning.stored() != nil {
            throw Failure(
                "what is kept for \(device.id) fails (\(error)); forget it with: char-rnn tune --reset --device \(device.id)"
            )
        }
        let found = try TuningSearch(
            tuning, from: start, for: configuration.cell, hiddenSize: configuration.hiddenSize
        ).run(
            measure: seconds,
            isOver: { Interruption.received != nil || ContinuousClock.now > limit },
            report: { attempt in
                let time = attempt.seconds.map { "\(fixed(1000 * $0, 2)) ms a batch" } ?? "does not work"
                let best = "best \(fixed(1000 * attempt.bestSeconds, 2))"
                Console.progress(
                    ProgressLine(
                        "\(attempt.number)/\(attempt.count)",
                        fraction: Double(attempt.number) / Double(attempt.count),
                        facts: [.init(time, weight: 1), .init(best, weight: 2), .init(attempt.description, weight: 0)]),
                    plainly: "\(attempt.number)/\(attempt.count): \(time), \(best), with \(attempt.description)")
            })
        guard found.parameters != start else {
            return Console.note("nothing faster was found; \(device.id) stays as it is")
        }
        opened = device.reopened()
        _ = try opened.backend()
        try tuning.apply(found.parameters)
        for check in DeviceCheck.run(on: opened) {
            guard case .failure(let fault) = check.outcome else { continue }
            throw Failure("with the fastest parameters \(check.operation) computes wrongly (\(fault)); nothing is kept")
        }
        try keep(found.parameters, tuning, in: file)
        Console.note(
            "\(fixed(1000 * found.startSeconds, 2)) ms a batch before, \(fixed(1000 * found.seconds, 2)) now "
                + "(\(fixed(found.startSeconds / found.seconds, 2))x); kept for every later run in \(file.path)")
    }

    private func keep(_ parameters: GPUTuning.Parameters?, _ tuning: GPUTuning, in file: URL) throws {
        do { try tuning.store(parameters) } catch {
            throw Failure(
                "cannot change \(file.path); make its folder writable, or set XDG_CACHE_HOME to another")
        }
    }
}
