import ArgumentParser
import CharRNN
import FoundationEssentials

/// The loop: step, look for faults, print, validate, save.
final class TrainingRun {
    private let trainer: Trainer
    private let lastIteration: Int
    private let folder: URL
    private let label: String
    private let printEvery: Int
    private let evalEvery: Int
    private let options: [String: String]
    private let history: History
    /// From the path of a checkpoint.
    private let resumeCommand: (String) -> String
    private var schedule: CheckpointSchedule
    /// Nil to keep all checkpoints.
    private var retention: Retention?

    private var clock = BatchClock()
    private(set) var lastCheckpoint: URL?
    /// The checkpoints' names so far, which may be given again.
    private var savedNames: Set<String> = []
    /// Of the steps since the last validation, as far as they were printed.
    private var recentLosses: [Double] = []

    init(
        trainer: Trainer, lastIteration: Int, folder: URL, label: String, printEvery: Int, evalEvery: Int,
        checkpointEvery: CheckpointInterval, retention: Retention?, resumed: URL?, options: [String: String],
        history: History, resumeCommand: @escaping (String) -> String
    ) {
        self.trainer = trainer
        self.lastIteration = lastIteration
        self.folder = folder
        self.label = label
        self.printEvery = printEvery
        self.evalEvery = evalEvery
        self.options = options
        self.history = history
        self.resumeCommand = resumeCommand
        self.retention = retention
        lastCheckpoint = resumed
        schedule = CheckpointSchedule(checkpointEvery)
    }

    func run() throws {
        Interruption.watch()
        do { try train(TrainingGuard(trainer)) } catch let divergence as TrainingDivergence {
            throw try failure(divergence)
        }
        try finish()
    }

    private func train(_ guardian: TrainingGuard) throws {
        clock.start()
        while trainer.iteration < lastIteration {
            let step = try trainer.step()
            clock.count += 1
            let signal = Interruption.received  // asked once, for it may come at any moment
            let isLast = step.iteration == lastIteration || signal != nil
            let isPrinted = step.iteration % printEvery == 0 || isLast
            let isSaved = schedule.isDue(at: step.iteration) || isLast
            if let rollback = try guardian.check(now: isPrinted) ?? (isSaved ? guardian.commit() : nil) {
                try tell(rollback)
                continue
            }
            if isPrinted { try report(step) }
            if step.nextLearningRate != step.learningRate {
                Console.endProgress()
                Console.note("the learning rate falls to \(step.nextLearningRate)")
            }
            if isSaved || step.iteration % evalEvery == 0 { try validate(saving: isSaved, isLast: isLast) }
            if let signal, step.iteration < lastIteration {
                Console.note("stopped; continue with: \(resumeCommand(lastCheckpoint!.relativePath))")
                throw ExitCode(128 + signal)
            }
        }
    }

    private func report(_ step: TrainingStep) throws {
        let loss = Double(try step.loss)
        let seconds = clock.secondsPerBatch()
        let characters = Double(trainer.dataset.batchSize * trainer.dataset.sequenceLength) / seconds
        let gradientNorm = Double(try step.gradientNorm)
        let ratio = gradientNorm / Double(try step.parameterNorm)
        recentLosses.append(loss)
        Console.progress(
            "\(step.iteration)/\(lastIteration) (epoch \(fixed(step.epoch, 3))), train_loss = \(fixed(loss, 8)), "
                + "grad/param norm = \(scientific(ratio, 4)), time/batch = \(fixed(seconds, 4))s, "
                + "\(Console.grouped(Int(characters))) chars/s, "
                + "\(BatchClock.text(seconds * Double(lastIteration - step.iteration))) left")
        try history.append(
            .init(
                iteration: step.iteration, epoch: step.epoch, loss: loss, gradNorm: gradientNorm,
                learningRate: Double(step.learningRate), secondsPerBatch: seconds, charsPerSecond: characters))
    }

    // MARK: Faults

    private func tell(_ rollback: TrainingRollback) throws {
        Console.endProgress()
        Console.note("\(rollback)")
        try history.append(
            .init(
                iteration: trainer.iteration, epoch: trainer.epoch, learningRate: Double(trainer.learningRate),
                returnedFrom: rollback.iteration))
        recentLosses = []
        clock.start()
    }

    /// Saves the last good state, unless there never was one.
    private func failure(_ divergence: TrainingDivergence) throws -> Failure {
        Console.endProgress()
        guard divergence.returns > 0 else {
            return Failure("\(divergence): the weights to begin with are not usable; start from other ones")
        }
        try validate(saving: true, isLast: true)
        return Failure(
            "\(divergence); try a lower --learning-rate than \(trainer.options.optimizer.learningRate), from the start "
                + "or from the last good weights with --init-from \(lastCheckpoint!.relativePath)")
    }

    // MARK: Validation and checkpoints

    /// The loss on the validation part, and a checkpoint named after it.
    private func validate(saving: Bool, isLast: Bool) throws {
        Console.endProgress()
        let loss = try trainer.evaluate(.validation)
        try history.append(
            .init(
                iteration: trainer.iteration, epoch: trainer.epoch, learningRate: Double(trainer.learningRate),
                validationLoss: loss))
        let saved = saving ? try save(validationLoss: loss, isLast: isLast) : ""
        Console.note("validation loss \(fixed(loss, 4)) (\(fixed(bits(loss), 3)) bits per character)\(saved)")
        let recent = recentLosses.suffix(100)
        let training = recent.reduce(0, +) / Double(recent.count)
        if let advice = Advice.fit(training: training, validation: loss) { Console.note("advice: \(advice)") }
        recentLosses = []
        clock.start()
    }

    /// Writes a checkpoint. A disk that is full may have room again before the run ends, so that only the last one must
    /// succeed.
    ///
    /// - Returns: where it is, for the console.
    private func save(validationLoss loss: Double, isLast: Bool) throws -> String {
        let file = folder.appendingPathComponent(
            Checkpoint.fileName(label: label, epoch: trainer.epoch, validationLoss: loss))
        var checkpoint = try Checkpoint(of: trainer)
        checkpoint.options = try retention?.recorded(in: options) ?? options
        var older: KeptFile?
        do {
            if !savedNames.contains(file.lastPathComponent) { older = try KeptFile(inPlaceOf: file) }
            try checkpoint.write(to: file)
        } catch let error where error is FileError || error is Failure {
            older?.dropName()
            let last =
                lastCheckpoint.map { "the last checkpoint is \($0.relativePath)" } ?? "there is no checkpoint yet"
            if isLast { throw Failure("\(error); \(last)") }
            schedule.restart(afterFailure: true)
            return "\nnote: \(error); \(last); training goes on and tries again"
        }
        lastCheckpoint = file
        savedNames.insert(file.lastPathComponent)
        retention?.add(file, loss: loss)
        schedule.restart(afterFailure: false)
        let kept = older.flatMap {
            $0.stays(beside: file) ? "\nnote: the other file of that name is now \($0.path)" : nil
        }
        return "; saved \(file.relativePath)\(kept ?? "")"
    }

    private func finish() throws {
        let test = try trainer.evaluate(.test)
        if !test.isNaN {
            try history.append(
                .init(
                    iteration: trainer.iteration, epoch: trainer.epoch, learningRate: Double(trainer.learningRate),
                    testLoss: test))
            Console.note("test loss \(fixed(test, 4)) (\(fixed(bits(test), 3)) bits per character)")
        }
        Console.note("let it write with: char-rnn sample \(lastCheckpoint!.relativePath)")
    }
}

/// The time that batches take, without validations.
struct BatchClock {
    /// The batches since the last reading.
    var count = 0
    private var last = ContinuousClock.now

    mutating func start() {
        count = 0
        last = .now
    }

    /// The mean since the last reading. The last batch's loss has been read, so the device has done them all.
    mutating func secondsPerBatch() -> Double {
        defer { start() }
        return last.duration(to: .now).inSeconds / Double(max(1, count))
    }

    /// "12 s", "3 min 20 s", "2 h 5 min".
    static func text(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds < 1e9 else { return "unknown time" }
        let whole = Int(seconds.rounded())
        if whole < 60 { return "\(whole) s" }
        if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
        return "\(whole / 3600) h \(whole % 3600 / 60) min"
    }
}
