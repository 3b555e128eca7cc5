import Glibc
import OpenCLCompute

/// Keeps a run from being spoilt by NaN, infinity or a loss that spikes: the run goes back to the last
/// good state, on the device, and on from there with half the learning rate.
///
/// ```swift
/// let guardian = try TrainingGuard(trainer)
/// while trainer.epoch < 10 {
///     try trainer.step()
///     if let rollback = try guardian.check() { print(rollback) }
/// }
/// ```
/// A state is good when the losses, gradients and parameters up to it are finite, the next batch has a finite loss too,
/// and no leap of the loss has spoilt it. A loss leaps when it is worse than knowing nothing (ln V) and twice the mean of
/// the (at most 100) losses before it. Some texts are that hard in places; what tells is whether the run still reads the
/// batch after the last good state, or does worse than knowing nothing and twice as badly as it did then.
///
/// The batch that it looks at is the next of the trainer's dataset. Where you learn from batches of your own, with
/// `step(on:)`, it still finds what is not finite, but a leap is told by a batch that the run may
/// never read.
///
/// Training waits for the device once in ``interval`` steps. As long as nothing goes wrong, the run is the one without
/// a guard, to the bit; its device memory holds a second copy of parameters and moments.
public final class TrainingGuard {
    /// Every so many steps ``check(now:)`` looks, and keeps the state.
    public static let interval = 100
    /// How often a run goes on from one good state, each time at half the rate, before it is given up.
    public static let attempts = 3

    private let trainer: Trainer
    private var good: TrainingSnapshot
    /// ln V, the loss of a uniform guess.
    private let ignorance: Float
    /// Of the step after the good state, before it was taken.
    private var goodLoss: Float
    /// The steps whose measurements have been found finite.
    private var checked: Int
    /// The times the run went back to the good state.
    private var returns = 0

    /// A guard for `trainer`, as it stands.
    ///
    /// - Throws: ``TrainingDivergence`` when its loss or its parameters' norm is not finite from the start, `DeviceError`.
    public init(_ trainer: Trainer) throws {
        self.trainer = trainer
        ignorance = log(Float(trainer.model.vocabulary.count))
        checked = trainer.iteration
        good = try TrainingSnapshot(of: trainer)
        try trainer.requireRoomForCheckpoint()
        goodLoss = try trainer.loss(ofStep: checked + 1)
        // A damaged file's weights may be so large that only their squares are infinite.
        let (backend, parameters) = (trainer.model.backend, trainer.model.parameters.buffer)
        let squares = try backend.makeBuffer(of: Float.self, count: 1)
        try backend.clip(parameters, by: .none, squares: squares)
        for (name, value) in [("loss", goodLoss), ("parameters' norm", try backend.read(squares)[0])]
        where !value.isFinite {
            throw TrainingDivergence(
                fault: .notFinite(name, value), iteration: checked + 1, goodIteration: checked, returns: 0)
        }
    }

    /// To be called after each step: keeps the state every ``interval`` steps, as ``commit()`` does. In between it looks
    /// for what is not finite when `now` is true, as when the step's loss is printed and has been waited for anyway.
    ///
    /// - Returns: what went wrong, after the trainer was put back; nil when nothing did.
    /// - Throws: ``TrainingDivergence`` when going back has not helped; the trainer then stands at the last good state.
    ///   `DeviceError`.
    @discardableResult
    public func check(now: Bool = false) throws -> TrainingRollback? {
        if trainer.iteration % Self.interval == 0 { return try commit() }
        return now ? try inspect() : nil
    }

    /// Looks, and keeps the state if it is good. Call it before a checkpoint is written: what is written is then good,
    /// and a run resumed from it goes back, when it must, to where this one does.
    ///
    /// Returns and throws as ``check(now:)`` does.
    @discardableResult
    public func commit() throws -> TrainingRollback? {
        if let rollback = try inspect() { return rollback }
        guard good.iteration < trainer.iteration else { return nil }
        let nextLoss = try trainer.loss(ofStep: trainer.iteration + 1)
        guard nextLoss.isFinite else { return try goBack(.notFinite("loss", nextLoss), trainer.iteration + 1) }
        if let (leap, iteration) = try firstLeap(nextLoss), try isSpoilt() { return try goBack(leap, iteration) }
        try good.take(trainer)
        goodLoss = nextLoss
        returns = 0
        return nil
    }

    private func inspect() throws -> TrainingRollback? {
        for (iteration, entry) in zip((checked + 1)..., try trainer.log.entries(after: checked)) {
            let measurements = [
                ("loss", entry.loss), ("gradient's norm", entry.gradientSquares),
                ("parameters' norm", entry.parameterSquares),
            ]
            if let (name, value) = measurements.first(where: { !$0.1.isFinite }) {
                return try goBack(.notFinite(name, value), iteration)
            }
        }
        checked = trainer.iteration
        return nil
    }

    /// The first leap after the good state, the loss of the step to come included.
    private func firstLeap(_ nextLoss: Float) throws -> (TrainingFault, iteration: Int)? {
        let losses = try trainer.log.entries(after: good.iteration).map(\.loss) + [nextLoss]
        for (iteration, loss) in zip((good.iteration + 1)..., losses) where loss > ignorance {
            if let mean = try trainer.log.meanLoss(before: iteration, atMost: 100), loss > 2 * mean {
                return (.leap(loss, mean: mean), iteration)
            }
        }
        return nil
    }

    private func isSpoilt() throws -> Bool {
        let loss = try good.nextLoss(by: trainer)
        return !(loss <= ignorance || loss <= 2 * goodLoss)
    }

    private func goBack(_ fault: TrainingFault, _ iteration: Int) throws -> TrainingRollback {
        good.learningRate /= 2
        try good.restore(trainer)
        checked = trainer.iteration
        guard returns < Self.attempts else {
            throw TrainingDivergence(
                fault: fault, iteration: iteration, goodIteration: trainer.iteration, returns: returns)
        }
        returns += 1
        return TrainingRollback(
            fault: fault, iteration: iteration, goodIteration: trainer.iteration, learningRate: trainer.learningRate)
    }
}
