import ArgumentParser
import CharRNN
import FoundationEssentials

/// The loop: step, decay, validate and save, print.
final class TrainingRun {
    private let trainer: Trainer
    private let lastIteration: Int
    private let folder: URL
    private let label: String
    private let printEvery: Int
    private let evalEvery: Int
    private let options: [String: String]
    private let history: History

    private var clock = BatchClock()
    private(set) var lastCheckpoint: URL?
    /// Of the steps since the last validation, as far as they were printed.
    private var recentLosses: [Double] = []

    init(
        trainer: Trainer, lastIteration: Int, folder: URL, label: String, printEvery: Int, evalEvery: Int,
        options: [String: String], history: History
    ) {
        self.trainer = trainer
        self.lastIteration = lastIteration
        self.folder = folder
        self.label = label
        self.printEvery = printEvery
        self.evalEvery = evalEvery
        self.options = options
        self.history = history
    }

    func run() throws {
        Interruption.watch()
        clock.start()
        while trainer.iteration < lastIteration {
            let step = try trainer.step()
            clock.count += 1
            let signal = Interruption.received  // asked once, for it may come at any moment
            let isLast = step.iteration == lastIteration || signal != nil
            let isPrinted = step.iteration % printEvery == 0 || isLast
            let isSaved = step.iteration % evalEvery == 0 || isLast
            if isPrinted { try report(step) }
            if isPrinted || isSaved { try checkLoss(of: step) }
            if step.nextLearningRate != step.learningRate {
                Console.endProgress()
                Console.note("the learning rate falls to \(step.nextLearningRate)")
            }
            if isSaved { try validate(step) }
            if let signal, step.iteration < lastIteration {
                Console.note("stopped; continue with: char-rnn train --resume \(lastCheckpoint!.relativePath)")
                throw ExitCode(128 + signal)
            }
        }
        try finish()
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

    /// A run whose loss is no number cannot recover, and its weights would spoil the next checkpoint.
    private func checkLoss(of step: TrainingStep) throws {
        let loss = try step.loss
        guard !loss.isFinite else { return }
        Console.endProgress()
        let saved =
            lastCheckpoint.map { "the last checkpoint is \($0.relativePath)" } ?? "no checkpoint was written yet"
        throw Failure(
            "the loss is \(loss) at iteration \(step.iteration); \(saved); try a lower --learning-rate than "
                + "\(step.learningRate)")
    }

    /// The loss on the validation part, and a checkpoint named after it.
    private func validate(_ step: TrainingStep) throws {
        Console.endProgress()
        let loss = try trainer.evaluate(.validation)
        try history.append(
            .init(
                iteration: step.iteration, epoch: step.epoch, learningRate: Double(step.nextLearningRate),
                validationLoss: loss))
        let file = folder.appendingPathComponent(
            Checkpoint.fileName(label: label, epoch: step.epoch, validationLoss: loss))
        var checkpoint = try Checkpoint(of: trainer)
        checkpoint.options = options
        try checkpoint.write(to: file)
        lastCheckpoint = file
        Console.note(
            "validation loss \(fixed(loss, 4)) (\(fixed(bits(loss), 3)) bits per character); saved "
                + file.relativePath)
        let recent = recentLosses.suffix(100)
        let training = recent.reduce(0, +) / Double(recent.count)
        if let advice = Advice.fit(training: training, validation: loss) { Console.note("advice: \(advice)") }
        recentLosses = []
        clock.start()
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
