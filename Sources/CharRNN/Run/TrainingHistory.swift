import CharRNNFiles
import FoundationEssentials

/// What the runs of a folder have recorded in its `history.jsonl`. The article Training runs has the format.
public struct TrainingHistory: Sendable {
    /// The runs in the order in which they began.
    public let runs: [Run]
    /// The lines of the file that are no record of a run, counted from 1. The last is not among them while it may still be
    /// being written, since it has no end.
    public let otherLines: [Int]
    /// For each name of a checkpoint which line of which run was the last to record it.
    private let writers: [String: (run: Int, line: Int)]

    /// Reads the `history.jsonl` of a folder. Lines that are no record of a run are passed over; without such a file there
    /// are no runs.
    ///
    /// - Throws: `FileError` when the file is there and cannot be read.
    public init(in folder: URL) throws {
        let file = folder.appendingPathComponent(Self.fileName)
        guard FileStatus(file) != nil else {
            (runs, otherLines, writers) = ([], [], [:])
            return
        }
        let data: Data
        do { data = try PlainFile.bytes(of: file) } catch {
            throw FileError(action: "read", path: file.path, reason: error.reason)
        }
        var runs: [Run] = []
        var writers: [String: (run: Int, line: Int)] = [:]
        var places: [String: Int] = [:]
        var others: [Int] = []
        let texts = data.split(separator: 10, omittingEmptySubsequences: false)
        for (index, text) in texts.enumerated() where !text.isEmpty {
            let read = try? JSON.decode(Line.self, from: text, isSnakeCase: true)
            let line = read.flatMap { $0.isPlausible ? $0 : nil }
            if let line, let place = places[line.run] {
                if let checkpoint = line.checkpoint { writers[checkpoint] = (place, runs[place].lines.count) }
                runs[place].lines.append(line)
            } else if let line, let start = line.start {
                places[line.run] = runs.count
                runs.append(Run(id: line.run, start: start, lines: [line]))
            } else if index < texts.count - 1 {
                others.append(index + 1)
            }
        }
        self.runs = runs
        otherLines = others
        self.writers = writers
    }

    /// What the run that has written a checkpoint recorded before; nothing where no run is known to have. Of several that had
    /// the same name for one it is the run whose line is the last in the file.
    func lines(before checkpoint: String) -> ArraySlice<Line> {
        writers[checkpoint].map { runs[$0.run].lines[..<$0.line] } ?? []
    }

    /// The file in a run's folder.
    public static let fileName = "history.jsonl"

    /// A run, with all times that it was continued.
    public struct Run: Sendable {
        /// A word by which its lines are known.
        public let id: String
        /// What began it.
        public let start: Start
        /// In the order of the file; each beginning and each continuation is one.
        public fileprivate(set) var lines: [Line]

        /// The last iteration that is recorded.
        public var iteration: Int { lines.last?.iteration ?? 0 }

        /// The line of the lowest validation loss, the earliest of equals.
        public var best: Line? {
            lines.filter { $0.validationLoss?.isFinite == true }.min { $0.validationLoss! < $1.validationLoss! }
        }

        /// The time that the run has taken so far, without the pauses before it was continued.
        public var seconds: Double {
            var sum = 0.0
            var (begin, last) = (lines[0].time, lines[0].time)
            for line in lines {
                if line.start != nil {
                    sum += last - begin
                    begin = line.time
                }
                last = line.time
            }
            return max(0, sum + last - begin)
        }
    }

    /// A line of the file: what each has, and what it is about.
    public struct Line: Codable, Sendable {
        /// The run's ``Run/id``.
        public internal(set) var run: String
        /// When it was written, of a ``start`` when the run began: in seconds since 1970, UTC.
        public let time: Double
        /// The steps taken by then.
        public let iteration: Int
        /// Passes over the training batches by then.
        public let epoch: Double
        /// The rate of the step that is told of, or of the next one.
        public var learningRate: Float

        /// Set where a run begins or goes on.
        public var start: Start?

        /// Of a step that is reported: its loss in nats per character.
        public var loss: Double?
        /// The Euclidean norm of its gradient after clipping.
        public var gradNorm: Double?
        /// The mean since the last report, without validations and checkpoints.
        public var secondsPerBatch: Double?
        /// The characters learned from in a second, at that rate.
        public var charsPerSecond: Double?

        /// Over the validation part, in nats per character.
        public var validationLoss: Double?
        /// Over the test part, in nats per character.
        public var testLoss: Double?
        /// The name of a checkpoint that was written.
        public var checkpoint: String?
        /// What the model wrote.
        public var sample: String?
        /// Where the run was before it went back to ``iteration``.
        public var returnedFrom: Int?

        init(iteration: Int, epoch: Double, learningRate: Float, time: Double = Self.now) {
            run = ""
            self.time = time
            self.iteration = iteration
            self.epoch = epoch
            self.learningRate = learningRate
        }

        /// Whether the numbers can be a run's. A damaged line may have any, and who reads a history counts with them, subtracts
        /// them and makes dates of them.
        fileprivate var isPlausible: Bool {
            let exact = 0...0x1p53
            guard exact.contains(Double(iteration)), exact.contains(Double(returnedFrom ?? 0)), exact.contains(epoch),
                exact.contains(time.magnitude), exact.contains(secondsPerBatch ?? 0)
            else { return false }
            if let start, start.batchSize < 1 || start.sequenceLength < 1 { return false }
            // A run that diverges has losses and norms that are not finite, and large ones before.
            return [loss, gradNorm, validationLoss, testLoss].allSatisfy { number in
                number.map { !$0.isFinite || $0.magnitude < 1e100 } ?? true
            }
        }

        /// In whole milliseconds.
        private static var now: Double { (Date.now.timeIntervalSince1970 * 1000).rounded() / 1000 }
    }

    /// What a run is of, as it begins or goes on.
    public struct Start: Codable, Sendable {
        /// The word in the names of its checkpoints.
        public let label: String
        /// What the layers are made of.
        public let cell: RecurrentCell
        /// L and H.
        public let layers, hiddenSize: Int
        /// The numbers that stand for a token; nil where its one-hot vector goes into the first layer.
        public let embeddingSize: Int?
        /// The probability of dropping a unit.
        public let dropout: Float
        /// V
        public let vocabularySize: Int
        /// How many numbers are learned.
        public let parameters: Int
        /// B and T.
        public let batchSize, sequenceLength: Int
        /// The batches of each part; those for training make an epoch.
        public let trainingBatches, validationBatches, testBatches: Int
        /// All characters of the text.
        public let characters: Int
        /// "rmsprop", "adam", "adamw" or "muon".
        public let optimizer: String
        /// The rate of the first step.
        public let learningRate: Float
        /// ``LearningRateDecay/factor``, and the epochs before it first applies.
        public let learningRateDecay: Float
        public let learningRateDecayAfter: Double
        /// The bound of each component of the gradient, or of its norm.
        public let clip, clipNorm: Float?
        /// Of the dropout masks and of the resets.
        public let seed: UInt64
        /// The step with which the run was to end.
        public let lastIteration: Int
        /// The checkpoint that it continued.
        public let resumedFrom: String?
        /// ``TrainingRun/Options/remembered``.
        public let options: [String: String]
    }
}

extension TrainingHistory.Start {
    init(_ trainer: Trainer, _ run: TrainingRun.Options, lastIteration: Int, resumed: URL?) {
        let (configuration, dataset, options) = (trainer.model.configuration, trainer.dataset, trainer.options)
        label = run.label
        cell = configuration.cell
        layers = configuration.layerCount
        hiddenSize = configuration.hiddenSize
        embeddingSize = configuration.embeddingSize
        dropout = configuration.dropout
        vocabularySize = configuration.vocabulary.count
        parameters = trainer.model.parameterCount
        batchSize = dataset.batchSize
        sequenceLength = dataset.sequenceLength
        trainingBatches = dataset.batchCount(in: .training)
        validationBatches = dataset.batchCount(in: .validation)
        testBatches = dataset.batchCount(in: .test)
        characters = dataset.characterCount
        optimizer = options.optimizer.name
        learningRate = options.optimizer.learningRate
        learningRateDecay = options.decay.factor
        learningRateDecayAfter = options.decay.firstEpoch
        clip = if case .value(let bound) = options.clipping { bound } else { nil }
        clipNorm = if case .norm(let bound) = options.clipping { bound } else { nil }
        seed = options.seed
        self.lastIteration = lastIteration
        resumedFrom = resumed?.lastPathComponent
        self.options = run.remembered
    }
}
