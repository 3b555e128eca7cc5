import FoundationEssentials
import OpenCLCompute
import Synchronization

/// A whole training run: steps, returns from faults, validation, checkpoints, and a history beside them.
///
/// ```swift
/// let run = try TrainingRun(trainer, options: .init(folder: folder, maxEpochs: 5, checkpointEvery: .iterations(500)))
/// for try await event in run.events() {
///     switch event {
///     case .step(let step): print(step.iteration, step.loss)
///     case .validation(let validation): print("validation", validation.loss)
///     case .checkpoint(let checkpoint): print("saved", checkpoint.file.path)
///     default: break
///     }
/// }
/// ```
/// ``run(_:)`` does the same on the calling thread. ``cancel()``, from anywhere, has the run save where it stands and
/// end. A run takes its folder for itself as soon as it is made, and gives it back at its end.
///
/// Where several processes share each batch (``GradientExchange``), each has a run with the same options. The first alone
/// has a folder and writes into it, and its clock counts. Whichever is cancelled, all end after the same step: the next one
/// whose gradient is not summed yet. Who catches an error in one of them must end the others, which wait for it.
///
/// Any task or actor may hold a run; the trainer that it was made of is the run's alone from then on.
public final class TrainingRun: @unchecked Sendable {
    // Unchecked for the trainer and the folder. `init` takes the trainer as `sending`, so nobody else has it, and
    // `hasStarted` lets a single call use both.

    /// The file that a run has in its folder until it ends.
    public static let lockName = "run.lock"

    /// How long to train, and what to keep.
    public let options: Options
    /// The model that learns. To try it in the middle of the run, copy it in an observer of ``run(_:)``.
    public let model: LanguageModel
    /// What it learns from, and what it is tried on.
    public let dataset: TrainingData
    /// The steps that were taken before this run, when it continues another.
    public let firstIteration: Int
    /// The step with which the run ends.
    public let lastIteration: Int

    private let trainer: Trainer
    /// Nil in a process that is not the first.
    private let folder: RunFolder?
    private let resumed: (checkpoint: Checkpoint, file: URL)?
    private let hasStarted = Atomic(false)
    private let cancellation = Cancellation()
    private let latest: Mutex<URL?>

    /// Prepares a run: makes its folder, claims it, and makes sure that a checkpoint can be written there.
    ///
    /// - Parameters:
    ///   - trainer: new, or made with `Trainer(resuming:dataset:)`.
    ///   - options: how long to train, and what to keep.
    ///   - resumed: the checkpoint that such a trainer was made of, and where it was read. Those that it has recorded as
    ///     written then count among the last and the best that ``Options/keepLast`` and ``Options/keepBest`` keep.
    /// - Throws: ``TrainingRunError``, `FileError`.
    public init(
        _ trainer: sending Trainer, options: Options, resuming resumed: (checkpoint: Checkpoint, file: URL)? = nil
    ) throws {
        options.check()
        let epochLength = trainer.epochLength
        let last = options.lastIteration(epochLength: epochLength)
        guard trainer.iteration < last else {
            throw TrainingRunError.hasEnded(iteration: trainer.iteration, last: last)
        }
        self.options = options
        self.resumed = resumed
        model = trainer.model
        dataset = trainer.dataset
        firstIteration = trainer.iteration
        lastIteration = last
        latest = Mutex(resumed?.file)
        var start = TrainingHistory.Line(
            iteration: trainer.iteration, epoch: trainer.epoch, learningRate: trainer.learningRate)
        start.start = .init(trainer, options, lastIteration: last, resumed: resumed?.file)
        folder =
            trainer.network.exchange.rank > 0
            ? nil
            : try RunFolder(
                options.folder, label: options.label, lastEpoch: Double(last) / epochLength, start: start,
                resumed: resumed?.file)
        self.trainer = trainer
    }

    /// How the model learns.
    public var trainingOptions: Trainer.Options { trainer.options }

    /// The last checkpoint that was written, or the one that the run continues.
    public var lastCheckpoint: URL? { latest.withLock { $0 } }

    /// Has the run write a checkpoint and end, after the step that it is in; a validation is broken off. Returns at once.
    public func cancel() { cancellation.request() }

    /// Trains to the end. A run can be run once; to go on, make another one of its last checkpoint.
    ///
    /// - Parameter observer: called on this thread for each event, between steps; training waits for it.
    /// - Throws: ``TrainingDivergence`` when going back has not helped, after a checkpoint of the last good state was
    ///   written; `FileError` when the last checkpoint cannot be written; `DeviceError`.
    public func run(_ observer: (TrainingEvent) -> Void = { _ in }) throws {
        precondition(!hasStarted.exchange(true, ordering: .relaxed), "a run is run once")
        defer { folder?.giveBack() }
        try withoutActuallyEscaping(observer) { observer in
            let loop = TrainingLoop(
                trainer, options: options, lastIteration: lastIteration, folder: folder, resumed: resumed,
                cancellation: cancellation
            ) { event in
                if case .checkpoint(let checkpoint) = event { self.note(checkpoint) }
                observer(event)
            }
            try loop.run()
        }
    }

    private func note(_ checkpoint: TrainingEvent.SavedCheckpoint) { latest.withLock { $0 = checkpoint.file } }
}

/// A wish to end, which any thread may have.
final class Cancellation: Sendable {
    private let flag = Atomic(false)

    var isRequested: Bool { flag.load(ordering: .relaxed) }

    func request() { flag.store(true, ordering: .relaxed) }
}
