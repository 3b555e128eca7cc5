import FoundationEssentials

/// What happens in a ``TrainingRun``, as facts; the words are the observer's.
public enum TrainingEvent: Sendable {
    /// A step was taken: each ``TrainingRun/Options/reportEvery`` iterations, and the last one.
    case step(Step)
    /// The learning rate has fallen to this, as ``TrainingOptions/decay`` says.
    case learningRate(Float)
    /// Something went wrong, and the run is back at its last good state.
    case rollback(TrainingRollback)
    /// The model is being tried on a part of the text, which takes longer than two seconds; then each second.
    case evaluating(Evaluation)
    /// The model was tried on the validation part.
    case validation(Validation)
    /// The model has written something: each ``TrainingRun/Options/sampleEvery`` iterations.
    case sample(Sample)
    /// A checkpoint is on the disk.
    case checkpoint(SavedCheckpoint)
    /// Something could not be done, and training goes on.
    case warning(Warning)
    /// The mean loss over the test part, in nats per character; once, after the last step.
    case test(loss: Double)
    /// The run is over, and nothing comes after this.
    case end(End)

    /// A step and its measurements.
    public struct Step: Sendable {
        /// Counted from 1.
        public let iteration: Int
        /// Passes over the training batches so far.
        public let epoch: Double
        /// In nats per character.
        public let loss: Double
        /// The Euclidean norms of the gradient after clipping, and of the parameters after the step.
        public let gradientNorm, parameterNorm: Double
        /// The rate that the step used.
        public let learningRate: Float
        /// The mean time of a step since the last event of this kind, without validations and checkpoints.
        public let secondsPerBatch: Double
        /// The characters learned from in a second, at that rate.
        public let charactersPerSecond: Double
    }

    /// How far the work on a part of the text is.
    public struct Evaluation: Sendable {
        /// Which part.
        public let split: TextDataset.Split
        /// The batches that are done, of how many.
        public let batch, batchCount: Int
    }

    /// What the model has written, from the zero state on.
    public struct Sample: Sendable {
        /// The step after which it was, counted from 1.
        public let iteration: Int
        /// The passes over the training part by then.
        public let epoch: Double
        /// As many characters as ``TrainingRun/Options/sampleLength`` says.
        public let text: String
    }

    /// A validation.
    public struct Validation: Sendable {
        /// The step after which it was, counted from 1.
        public let iteration: Int
        /// The passes over the training part by then.
        public let epoch: Double
        /// The mean over the validation part, in nats per character.
        public let loss: Double
        /// The mean of the losses of the steps since the last validation, of the last 100 at most; nil for none.
        public let trainingLoss: Double?
    }

    /// A checkpoint that was written.
    public struct SavedCheckpoint: Sendable {
        /// Where it lies.
        public let file: URL
        /// The step after which it was, counted from 1.
        public let iteration: Int
        /// The passes over the training part by then.
        public let epoch: Double
        /// At this iteration; nil when there was no validation, or it was broken off.
        public let validationLoss: Double?
        /// The new name of another file that had the checkpoint's name.
        public let displaced: URL?
    }

    /// Why something was not done.
    public enum Warning: Sendable {
        /// A checkpoint could not be written. It is tried again.
        case checkpointNotWritten(any Error)
        /// Lines of `history.jsonl` are missing from here on, until the disk takes them again.
        case historyNotWritten(FileError)
        /// The file system has no locks: nothing keeps another run from writing into the folder.
        case folderNotLocked(URL, reason: String)
        /// The folder, or the lock or the history in it, was gone and has been made again.
        case folderMadeAgain(URL)
    }

    /// How a run has ended.
    public struct End: Sendable {
        /// Why.
        public enum Reason: Sendable {
            /// All steps were taken, and the model was tried on what it was to be tried on.
            case finished
            /// ``TrainingRun/Options/maxSeconds`` are over.
            case outOfTime
            /// ``TrainingRun/Options/patience`` is at its end: the validation loss falls no more.
            case noImprovement
            /// ``TrainingRun/cancel()`` was called, before the last step or while the model was tried after it.
            case cancelled
        }

        /// Why.
        public let reason: Reason
        /// The last step that counts.
        public let iteration: Int
        /// The last checkpoint; nil when the run ended before its first step.
        public let last: URL?
        /// The checkpoint with the lowest validation loss, of those of this run that are still there; also of those from
        /// before it was continued that its history tells of.
        public let best: URL?
    }
}
