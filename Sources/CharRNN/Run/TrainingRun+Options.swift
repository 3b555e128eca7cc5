import FoundationEssentials

extension TrainingRun {
    /// How long to train, and what to keep; the defaults are char-rnn's.
    public struct Options: Sendable {
        /// Where checkpoints and `history.jsonl` go; made when it is not there.
        public var folder: URL
        /// A word for the checkpoints' names.
        public var label: String
        /// The passes over the training batches; 0.5 is half of one. Counted from the trainer's first step ever, as all
        /// iterations are.
        public var maxEpochs: Double
        /// Ends the run after so many iterations, if that is earlier.
        public var maxIterations: Int?
        /// Ends the run when it has trained for so long, with a validation and a checkpoint, if that is earlier. A run that
        /// is continued counts anew.
        public var maxSeconds: Double?
        /// Ends the run after so many validations in a row none of which is better than the best before them, with a
        /// checkpoint; nil for never. A run that is continued goes on counting.
        public var patience: Int?
        /// The iterations from one ``TrainingEvent/step(_:)`` to the next. Each waits for the device.
        public var reportEvery: Int
        /// The iterations from one validation to the next. A checkpoint is validated as well.
        public var evaluateEvery: Int
        /// The iterations from one ``TrainingEvent/sample(_:)`` to the next; nil for none. Training stays the same to the
        /// bit.
        public var sampleEvery: Int?
        /// The characters of a sample.
        public var sampleLength: Int
        /// From one checkpoint to the next; nil for one with each validation. There is one at the end, too.
        public var checkpointEvery: CheckpointInterval?
        /// How many of the run's checkpoints to keep, the last ones; nil for all, or for one with ``keepBest``.
        public var keepLast: Int?
        /// Whether to keep, besides the last ones, the checkpoint with the lowest validation loss.
        public var keepBest: Bool
        /// What each checkpoint is to remember in ``Checkpoint/options``.
        public var remembered: [String: String]

        /// The defaults are those of `char-rnn train`.
        public init(
            folder: URL, label: String = "lstm", maxEpochs: Double = 50, maxIterations: Int? = nil,
            maxSeconds: Double? = nil, patience: Int? = nil, reportEvery: Int = 1, evaluateEvery: Int = 1000,
            sampleEvery: Int? = nil, sampleLength: Int = 200, checkpointEvery: CheckpointInterval? = nil,
            keepLast: Int? = nil, keepBest: Bool = false, remembered: [String: String] = [:]
        ) {
            self.folder = folder
            self.label = label
            self.maxEpochs = maxEpochs
            self.maxIterations = maxIterations
            self.maxSeconds = maxSeconds
            self.patience = patience
            self.reportEvery = reportEvery
            self.evaluateEvery = evaluateEvery
            self.sampleEvery = sampleEvery
            self.sampleLength = sampleLength
            self.checkpointEvery = checkpointEvery
            self.keepLast = keepLast
            self.keepBest = keepBest
            self.remembered = remembered
        }

        /// The step with which a run ends that has so many to an epoch.
        public func lastIteration(epochLength: Double) -> Int {
            // 1e18 steps are more than any run will take, and a whole number.
            min(Int(min((maxEpochs * epochLength).rounded(.up), 1e18)), maxIterations ?? .max)
        }

        /// What no run can be made of is a programmer error.
        func check() {
            precondition(maxEpochs > 0, "\(maxEpochs) epochs")
            precondition(maxSeconds ?? 1 > 0, "a run of \(maxSeconds ?? 0) seconds")
            precondition(patience ?? 1 > 0, "a patience of \(patience ?? 0) validations")
            precondition(
                sampleEvery ?? 1 > 0 && sampleLength > 0,
                "samples of \(sampleLength) characters every \(sampleEvery ?? 0) iterations")
            precondition(
                maxIterations ?? 1 > 0 && reportEvery > 0 && evaluateEvery > 0 && keepLast ?? 1 > 0,
                "maxIterations \(maxIterations ?? 1), reportEvery \(reportEvery), evaluateEvery \(evaluateEvery), "
                    + "keepLast \(keepLast ?? 1): each must be at least 1")
            precondition(!label.contains("/"), "'\(label)' becomes part of a file's name")
        }
    }
}
