import CharRNN

/// Says what happens in a training run, line by line.
final class TrainingReport {
    private let lastIteration: Int
    private var lastCheckpoint: String?
    private var validations: [TrainingEvent.Validation] = []
    private var isOverfitting = false
    /// Whether all steps were taken.
    private(set) var isFinished = false

    init(_ run: TrainingRun) {
        lastIteration = run.lastIteration
        lastCheckpoint = run.lastCheckpoint?.relativePath
    }

    func tell(_ event: TrainingEvent) {
        switch event {
        case .step(let step): Console.progress(line(of: step))
        case .learningRate(let rate): Console.note("the learning rate falls to \(rate)")
        case .rollback(let rollback): Console.note("\(rollback)")
        case .validation(let validation): tell(validation)
        case .checkpoint(let checkpoint):
            lastCheckpoint = checkpoint.file.relativePath
            Console.note("saved \(checkpoint.file.relativePath)")
            if let other = checkpoint.displaced {
                Console.note("note: another file had that name; it is kept as \(other.path)")
            }
        case .warning(let warning): Console.note("note: \(words(for: warning))")
        case .test(let loss): Console.note("test loss \(Self.words(for: loss))")
        case .end(let end):
            guard case .finished = end.reason, let model = end.best ?? end.last else { return }
            isFinished = true
            if let advice = Advice.underfitting(validations) { Console.note("advice: \(advice)") }
            Console.note("let it write with: char-rnn sample \(shellPath(model.relativePath))")
        }
    }

    private func line(of step: TrainingEvent.Step) -> String {
        "\(step.iteration)/\(lastIteration) (epoch \(fixed(step.epoch, 3))), train_loss = \(fixed(step.loss, 8)), "
            + "grad/param norm = \(scientific(step.gradientNorm / step.parameterNorm, 4)), "
            + "time/batch = \(fixed(step.secondsPerBatch, 4))s, "
            + "\(Console.grouped(Int(step.charactersPerSecond))) chars/s, "
            + "\(duration(step.secondsPerBatch * Double(lastIteration - step.iteration))) left"
    }

    private func tell(_ validation: TrainingEvent.Validation) {
        Console.note("validation loss \(Self.words(for: validation.loss))")
        validations.append(validation)
        let advice = Advice.overfitting(validation)
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
            "the folder \(folder.relativePath) was removed during the run and has been made again"
        }
    }

    private var lastCheckpointWords: String {
        lastCheckpoint.map { "the last checkpoint is \($0)" } ?? "there is no checkpoint yet"
    }

    private static func words(for loss: Double) -> String {
        "\(fixed(loss, 4)) (\(fixed(bits(loss), 3)) bits per character)"
    }
}
