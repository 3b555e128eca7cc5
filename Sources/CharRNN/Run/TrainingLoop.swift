import FoundationEssentials
import OpenCLCompute

/// The loop of a ``TrainingRun``: step, look for faults, report, validate, save.
final class TrainingLoop {
    private let trainer: Trainer
    private let options: TrainingRun.Options
    private let lastIteration: Int
    /// Nil, as the writer, in a process that is not the first.
    private let folder: RunFolder?
    private let cancellation: Cancellation
    private let emit: (TrainingEvent) -> Void

    private var writer: CheckpointWriter?
    private var schedule: CheckpointSchedule
    private var clock = StepClock()
    private let start = ContinuousClock.now
    /// How long the run had lasted after the last step.
    private var seconds = 0.0
    /// The share of the run that was over when it was continued.
    private let firstProgress: Double
    private var hasLostPatience = false
    /// Whether somebody wanted to end while the model was tried on a part of the text.
    private var isBrokenOff = false
    /// The step of the last validation; 0 before the first.
    private var lastValidation: Int

    init(
        _ trainer: Trainer, options: TrainingRun.Options, lastIteration: Int, folder: RunFolder?,
        resumed: (checkpoint: Checkpoint, file: URL)?, cancellation: Cancellation,
        emit: @escaping (TrainingEvent) -> Void
    ) {
        self.trainer = trainer
        self.options = options
        self.lastIteration = lastIteration
        self.folder = folder
        self.cancellation = cancellation
        self.emit = emit
        firstProgress = trainer.progress
        lastValidation = trainer.validationLosses.keys.max() ?? 0
        writer = folder.map {
            CheckpointWriter($0.url, options: options, start: trainer.iteration, resumed: resumed)
        }
        schedule = CheckpointSchedule(options.checkpointEvery ?? .iterations(options.evaluateEvery))
    }

    func run() throws {
        if let warning = folder?.lockWarning { emit(.warning(warning)) }
        let guardian = try TrainingGuard(trainer)
        do { try train(guardian) } catch let divergence as TrainingDivergence {
            // The trainer stands at its last good state, unless there never was one.
            if divergence.returns > 0 {
                try validate()
                try save(isLast: true)
            }
            throw divergence
        } catch let error as TextError where trainer.network.exchange.count == 1 {
            // The batch to come cannot be looked at, the steps so far can. (Of many processes the others are in one.)
            if let rollback = try? guardian.check(now: true) { try tell(rollback) }
            try saveUnlessSaved()
            throw error
        }
        let isFinished = trainer.iteration == lastIteration
        if try isFinished || !isCancelled() { try test() }
        let isCancelled = try isCancelled() && !isFinished || isBrokenOff
        emit(
            .end(
                .init(
                    reason: isCancelled
                        ? .cancelled : isFinished ? .finished : hasLostPatience ? .noImprovement : .outOfTime,
                    iteration: trainer.iteration, last: writer?.last?.file, best: writer?.best?.file)))
    }

    /// Whether somebody wants to end, in whichever process.
    private func isCancelled() throws -> Bool {
        try trainer.network.exchange.isWishedByAny(cancellation.isRequested)
    }

    private var isOutOfTime: Bool { options.maxSeconds.map { seconds >= $0 } ?? false }

    /// The share of the run that is over, be it of the steps or of the time.
    private var progress: Double {
        let steps = Double(trainer.iteration) / Double(lastIteration)
        guard let seconds = options.maxSeconds else { return steps }
        let time = min(1, self.seconds / seconds)
        return max(steps, firstProgress + (1 - firstProgress) * time)
    }

    private func train(_ guardian: TrainingGuard) throws {
        let isAlone = trainer.network.exchange.count == 1
        trainer.network.ownNews = { [weak self] in self.map { $0.news(after: $0.trainer.iteration + 1).numbers } ?? [] }
        var isToEnd = try isCancelled()
        if !isToEnd { try makeUpForValidation() }
        if hasLostPatience { return }
        clock.start()
        while trainer.iteration < lastIteration {
            if isAlone ? cancellation.isRequested : isToEnd { return try stop(guardian) }
            trainer.progress = progress
            let step = try trainer.step()
            clock.count += 1
            let news = isAlone ? news(after: step.iteration) : StepNews(trainer.network.news)
            (isToEnd, seconds) = (news.isCancelled, news.seconds)
            let isLast = step.iteration == lastIteration || isOutOfTime
            let isReported = isLast || step.iteration % options.reportEvery == 0
            let isSampled = options.sampleEvery.map { step.iteration % $0 == 0 } ?? false
            let isSaved = isLast || news.isDue
            if let rollback = try guardian.check(now: isReported || isSampled) ?? (isSaved ? guardian.commit() : nil) {
                try tell(rollback)
                continue
            }
            if isReported { try report(step) }
            if step.nextLearningRate != step.learningRate { emit(.learningRate(step.nextLearningRate)) }
            if isSampled, folder != nil { try sample() }
            if isSaved || step.iteration % options.evaluateEvery == 0 {
                try validate()
                hasLostPatience = isWithoutImprovement
            }
            if hasLostPatience, !isSaved, let rollback = try guardian.commit() {
                hasLostPatience = false
                try tell(rollback)
                continue
            }
            if isSaved || hasLostPatience { try save(isLast: isLast || hasLostPatience) }
            if isLast || hasLostPatience { return }
        }
    }

    /// Validates, and saves, where the run goes on, if that was due there and a stop has broken the validation off.
    private func makeUpForValidation() throws {
        let iteration = trainer.iteration
        guard iteration > 0, trainer.validationLosses[iteration] == nil else { return }
        let isSaved = try trainer.network.exchange.isSaidByFirst(schedule.isDue(at: iteration))
        guard isSaved || iteration % options.evaluateEvery == 0 else { return }
        try validate()
        guard trainer.validationLosses[iteration] != nil else { return }
        hasLostPatience = isWithoutImprovement
        if isSaved || hasLostPatience { try save(isLast: hasLostPatience) }
    }

    /// What this process knows after a step, or when it has made the gradient of one.
    private func news(after iteration: Int) -> StepNews {
        StepNews(
            isCancelled: cancellation.isRequested, seconds: start.duration(to: .now) / .seconds(1),
            isDue: schedule.isDue(at: iteration))
    }

    /// Whether the last validations, as many as the run has patience for, are no better than the best before them.
    private var isWithoutImprovement: Bool {
        guard let patience = options.patience else { return false }
        let losses = trainer.validationLosses.sorted { $0.key < $1.key }.map(\.value)
        let best = losses.indices.min { losses[$0] < losses[$1] }
        return best.map { losses.count - 1 - $0 >= patience } ?? false
    }

    /// Saves where a cancelled run stands, without the time that a validation takes.
    private func stop(_ guardian: TrainingGuard) throws {
        if let rollback = try guardian.commit() { try tell(rollback) }
        try saveUnlessSaved()
    }

    /// Saves where the run stands, if that is not saved yet.
    private func saveUnlessSaved() throws {
        let isNew = trainer.iteration > writer?.savedIteration ?? 0
        if try trainer.network.exchange.isSaidByFirst(isNew) { try save(isLast: true) }
    }

    private func report(_ step: TrainingStep) throws {
        let loss = Double(try step.loss)
        let seconds = clock.secondsPerBatch()
        let report = TrainingEvent.Step(
            iteration: step.iteration, epoch: step.epoch, loss: loss, gradientNorm: Double(try step.gradientNorm),
            parameterNorm: Double(try step.parameterNorm), learningRate: step.learningRate, secondsPerBatch: seconds,
            charactersPerSecond: Double(step.characterCount) / seconds)
        emit(.step(report))
        try record {
            $0.loss = loss
            $0.gradNorm = report.gradientNorm
            $0.learningRate = step.learningRate
            $0.secondsPerBatch = seconds
            $0.charsPerSecond = report.charactersPerSecond
        }
    }

    private func tell(_ rollback: TrainingRollback) throws {
        emit(.rollback(rollback))
        try record { $0.returnedFrom = rollback.iteration }
        clock.start()
    }

    /// Has the model write, with a generator of its own.
    private func sample() throws {
        // A new session each time: those from before a step know the old parameters.
        let text = try trainer.withAverages {
            let stream = try trainer.model.makeSession().text(
                limit: options.sampleLength, using: SplitMix64(seed: trainer.options.seed &+ UInt64(trainer.iteration)))
            var text = ""
            while !cancellation.isRequested, let piece = stream.next() { text += piece }
            if case .failure(let error as DeviceError) = stream.end { throw error }
            return text
        }
        try record { $0.sample = text }
        emit(.sample(.init(iteration: trainer.iteration, epoch: trainer.epoch, text: text)))
        clock.start()
    }

    /// The mean loss over a part; nil when there is none and when somebody wants to end.
    private func evaluate(_ split: TextDataset.Split) throws -> Double? {
        let count = trainer.dataset.batchCount(in: split)
        var (batch, next) = (0, ContinuousClock.now + .seconds(2))
        return try trainer.evaluate(split) {
            if ContinuousClock.now >= next {
                emit(.evaluating(.init(split: split, batch: batch, batchCount: count)))
                next = ContinuousClock.now + .seconds(1)
            }
            batch += 1
            isBrokenOff = try isCancelled()
            return isBrokenOff
        }
    }

    /// The loss on the validation part, if there is one and nobody wants to end.
    private func validate() throws {
        guard let loss = try evaluate(.validation) else { return }
        try record { $0.validationLoss = loss }
        // Also of steps that are not reported.
        let trainingLoss = try trainer.log.meanLoss(
            before: trainer.iteration + 1, atMost: min(100, max(0, trainer.iteration - lastValidation)))
        emit(
            .validation(
                .init(
                    iteration: trainer.iteration, epoch: trainer.epoch, loss: loss,
                    trainingLoss: trainingLoss.map(Double.init))))
        lastValidation = trainer.iteration
        clock.start()
    }

    private func test() throws {
        guard let loss = try evaluate(.test) else { return }
        try record { $0.testLoss = loss }
        emit(.test(loss: loss))
    }

    /// Writes a checkpoint. A disk that is full may have room again before the run ends, so that only the last one must
    /// succeed.
    private func save(isLast: Bool) throws {
        guard folder != nil else {
            _ = try trainer.network.state()  // of which the first process has asked for a share
            return
        }
        let checkpoint = try Checkpoint(of: trainer)
        do {
            try restoreFolder()
            guard let saved = try writer?.write(checkpoint) else { return }
            try record { $0.checkpoint = saved.file.lastPathComponent }
            schedule.restart(afterFailure: false)
            emit(.checkpoint(saved))
        } catch let error where !isLast && (error is FileError || error is TrainingRunError) {
            schedule.restart(afterFailure: true)
            emit(.warning(.checkpointNotWritten(error)))
        }
        clock.start()
    }

    private func restoreFolder() throws {
        guard let folder else { return }
        if try folder.makeAgainIfGone() { emit(.warning(.folderMadeAgain(folder.url))) }
    }

    /// Adds a line to the history.
    private func record(_ fill: (inout TrainingHistory.Line) -> Void) throws {
        guard let folder else { return }
        try? restoreFolder()  // what stands in its way, the next checkpoint tells
        var line = TrainingHistory.Line(
            iteration: trainer.iteration, epoch: trainer.epoch, learningRate: trainer.learningRate)
        fill(&line)
        if let error = try folder.history.append(line) { emit(.warning(.historyNotWritten(error))) }
    }
}

/// The time that steps take, without what comes between them.
private struct StepClock {
    /// The steps since the last reading.
    var count = 0
    private var last = ContinuousClock.now

    mutating func start() {
        count = 0
        last = .now
    }

    /// The mean since the last reading. The last step's loss has been read, so the device has done them all.
    mutating func secondsPerBatch() -> Double {
        defer { start() }
        return last.duration(to: .now) / .seconds(1) / Double(max(1, count))
    }
}
