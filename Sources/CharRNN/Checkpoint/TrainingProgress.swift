/// Where a run stands: what a checkpoint keeps so that it can be continued exactly.
struct TrainingProgress {
    let position: TrainingPosition
    /// The loss of each step from the first.
    let losses: [Float]
    /// The optimizer's moments, each in the layout of the parameters.
    let moments: [[Float]]
    /// In which the next step begins.
    let state: LanguageModel.State
    /// What is learned, where the checkpoint's model has the averages of it instead.
    var weights: [Float]?
}

/// The part of a run's progress that is a handful of numbers.
struct TrainingPosition: Codable {
    let options: TrainingOptions
    let iteration: Int
    /// Of the next step.
    let learningRate: Float
    /// By iteration.
    let validationLosses: [Int: Double]
    let dataset: DatasetIdentity
    /// The share of the run that is over, where a schedule goes by it.
    var progress: Double?

    /// Whether the numbers can be those of a run.
    var isPlausible: Bool {
        iteration >= 0 && dataset.batchSize > 0 && dataset.sequenceLength > 0 && dataset.trainingBatches > 0
            && learningRate >= 0 && learningRate.isFinite && options.defect == nil
            && validationLosses.keys.allSatisfy { (0...iteration).contains($0) }
    }
}

/// What must be the same for a run to go on: the text and the way it is cut.
struct DatasetIdentity: Codable, Equatable {
    let fingerprint: UInt64
    let characterCount: Int
    let batchSize: Int
    let sequenceLength: Int
    let trainingBatches: Int
    /// Nil for ``TextSplit/streams``, the only one there was at first.
    var split: TextSplit?

    /// The first difference, in words.
    func difference(to other: DatasetIdentity) -> String? {
        func compare(_ what: String, _ mine: Int, _ theirs: Int) -> String? {
            mine == theirs ? nil : "its \(what) was \(mine), now it is \(theirs)"
        }
        return compare("character count", characterCount, other.characterCount)
            ?? (fingerprint == other.fingerprint ? nil : "its text has changed")
            ?? compare("batch size", batchSize, other.batchSize)
            ?? compare("sequence length", sequenceLength, other.sequenceLength)
            ?? compare("number of training batches", trainingBatches, other.trainingBatches)
            ?? (split == other.split ? nil : "its parts were cut in another way")
    }
}
