import CharRNN

/// Says what happens in a training run, line by line.
final class TrainingReport {
    private let lastIteration: Int
    private let maxSeconds: Double?
    private let start = ContinuousClock.now
    private var timeLeft: TimeLeft
    /// When something was told last.
    private var lastTime = ContinuousClock.now
    private var trend = LossTrend()
    private var evaluation: LongWork?
    private var lastCheckpoint: String?
    private var validations: [TrainingEvent.Validation] = []
    private var isOverfitting = false
    /// The steps that were told since the learning rate was.
    private var stepsSinceRate = TrainingReport.stepsBetweenRates
    /// Of a small text an epoch is a few steps, and a line at the end of each would drown the others.
    private static let stepsBetweenRates = 10
    /// How the run has ended.
    private(set) var end: TrainingEvent.End?

    init(_ run: TrainingRun) {
        lastIteration = run.lastIteration
        maxSeconds = run.options.maxSeconds
        timeLeft = TimeLeft(
            first: run.firstIteration, last: run.lastIteration, pauseEvery: run.options.evaluateEvery,
            validationBatches: run.dataset.batchCount(in: .validation))
        lastCheckpoint = run.lastCheckpoint?.relativePath
    }

    func tell(_ event: TrainingEvent) {
        defer { if evaluation == nil { lastTime = .now } }
        switch event {
        case .evaluating: break
        default:
            evaluation?.end()
            evaluation = nil
        }
        switch event {
        case .step(let step): tell(step)
        case .learningRate(let rate): tell(rate)
        case .rollback(let rollback): Console.note("\(rollback)")
        case .evaluating(let progress): tell(progress)
        case .validation(let validation):
            note(pauseAt: validation.iteration)
            tell(validation)
        case .sample(let sample):
            note(pauseAt: sample.iteration)
            Console.note("--- the model writes, at iteration \(sample.iteration):")
            for line in sample.text.split(separator: "\n", omittingEmptySubsequences: false) {
                Console.note(String(line))
            }
            Console.note("---")
        case .checkpoint(let checkpoint):
            note(pauseAt: checkpoint.iteration)
            lastCheckpoint = checkpoint.file.relativePath
            Console.note("saved \(checkpoint.file.relativePath)")
            if let other = checkpoint.displaced {
                Console.note("note: another file had that name; it is kept as \(other.path)")
            }
        case .warning(let warning): Console.note("note: \(words(for: warning))")
        case .test(let loss): Console.note("test loss \(Self.words(for: loss))")
        case .end(let end):
            self.end = end
            if case .cancelled = end.reason { return }
            if case .noImprovement = end.reason { Console.note("the validation loss no longer falls, so the run ends") }
            guard let model = end.best ?? end.last else { return }
            if let advice = Advice.underfitting(validations) { Console.note("advice: \(advice)") }
            Console.note("let it write with: char-rnn sample \(shellPath(model.relativePath))")
        }
    }

    private func tell(_ rate: Float) {
        guard stepsSinceRate >= Self.stepsBetweenRates else { return }
        Console.note("the learning rate falls to \(significant(Double(rate), 6))")
        stepsSinceRate = 0
    }

    private func tell(_ step: TrainingEvent.Step) {
        stepsSinceRate += 1
        timeLeft.add(stepsTo: step.iteration, secondsPerStep: step.secondsPerBatch)
        trend.add(step.loss)
        let left = timeLeft.isKnown ? "\(duration(secondsLeft)) left" : nil
        var facts = [ProgressLine.Fact("loss \(fixed(trend.level, 4))", weight: 3)]
        if let word = trend.word { facts.append(.init(word, weight: 1)) }
        // As steady as the time that is left.
        let rate = step.charactersPerSecond * step.secondsPerBatch / timeLeft.secondsPerStep
        facts.append(.init("\(Count(Int(rate))) chars/s", weight: 0))
        if let left { facts.append(.init(left, weight: 2)) }
        let (done, all) = ("\(step.iteration)", "\(lastIteration)")
        Console.progress(
            ProgressLine(
                String(repeating: " ", count: max(0, all.count - done.count)) + "\(done)/\(all)",
                fraction: Double(step.iteration) / Double(lastIteration), facts: facts),
            plainly: line(of: step) + (left.map { ", \($0)" } ?? ""))
    }

    /// The time until the run ends, its validations included.
    private var secondsLeft: Double {
        guard let maxSeconds else { return timeLeft.seconds }
        return min(timeLeft.seconds, max(0, maxSeconds - start.duration(to: .now).inSeconds))
    }

    private func tell(_ progress: TrainingEvent.Evaluation) {
        if evaluation == nil {
            Console.keepStatus()
            evaluation = LongWork(progress.split == .test ? "testing" : "validating", since: lastTime)
        }
        evaluation?.advance(to: Double(progress.batch) / Double(progress.batchCount))
    }

    private func note(pauseAt iteration: Int) {
        timeLeft.add(pauseAt: iteration, seconds: lastTime.duration(to: .now).inSeconds)
    }

    /// As char-rnn has it.
    private func line(of step: TrainingEvent.Step) -> String {
        "\(step.iteration)/\(lastIteration) (epoch \(fixed(step.epoch, 3))), train_loss = \(fixed(step.loss, 8)), "
            + "grad/param norm = \(scientific(step.gradientNorm / step.parameterNorm, 4)), "
            + "time/batch = \(fixed(step.secondsPerBatch, 4))s, "
            + "\(Count(Int(step.charactersPerSecond))) chars/s"
    }

    private func tell(_ validation: TrainingEvent.Validation) {
        Console.note("validation loss \(Self.words(for: validation.loss))")
        validations.append(validation)
        let advice = Advice.overfitting(validations)
        // Once, and again when it comes back.
        if let advice, !isOverfitting { Console.note("advice: \(advice)") }
        isOverfitting = advice != nil
    }

    private func words(for warning: TrainingEvent.Warning) -> String {
        switch warning {
        case .checkpointNotWritten(let error):
            "\(Hints.message(of: error)); \(lastCheckpointWords); training goes on and tries again"
        case .historyNotWritten(let error): "\(error); training goes on without its lines"
        case .folderNotLocked(let folder, let reason):
            "\(folder.relativePath) cannot be locked (\(reason)); make sure that no other run writes there"
        case .folderMadeAgain(let folder):
            "the folder \(folder.relativePath), its \(TrainingRun.lockName) or its \(TrainingHistory.fileName) was removed "
                + "during the run and has been made again"
        }
    }

    private var lastCheckpointWords: String {
        lastCheckpoint.map { "the last checkpoint is \($0)" } ?? "there is no checkpoint yet"
    }

    private static func words(for loss: Double) -> String {
        "\(fixed(loss, 4)) (\(fixed(bits(loss), 3)) bits per character)"
    }
}
