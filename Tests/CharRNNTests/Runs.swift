import CharRNN
import Foundation
import TestSupport
import Testing

/// A cell and how it learns: each of one with each of the other.
struct LearningCase: CustomTestStringConvertible {
    let cell: RecurrentCell
    let optimizer: Optimizer
    var testDescription: String { "\(cell), \(optimizer)" }

    static let all = RecurrentCell.allCases.flatMap { cell in
        [
            // Of a Mogrifier, whose gates multiply one another, a step of 0.01 may slip.
            .rmsProp(learningRate: cell == .mogrifier ? 0.005 : 0.01),
            .adam(learningRate: 0.01), .adamW(AdamW(learningRate: 0.01)),
            .muon(Muon(learningRate: 0.02, others: AdamW(learningRate: 0.01))),
        ].map { LearningCase(cell: cell, optimizer: $0) }
    }

    /// How far the gradients that are left after the first step may lie apart where batches are shared, as a share of the
    /// largest component. Where Muon moves weights it has put orthogonal directions, in which small components count as
    /// much as large ones, and so do their roundings.
    var gradientBound: Double { if case .muon = optimizer { 2e-4 } else { 1e-6 } }
}

/// A small run, as most tests here need one.
struct Run {
    var cell = RecurrentCell.lstm
    var dropout: Float = 0
    var hiddenSize = 5
    var layerCount = 2
    var embeddingSize: Int?
    var batchSize = 3
    var sequenceLength = 4
    var text = SmallText.noise(130)
    var options = Trainer.Options()
    var validationFraction = 0.2
    var seed: UInt64 = 7

    func dataset() throws -> TextDataset {
        try TextDataset(
            text: text, batchSize: batchSize, sequenceLength: sequenceLength, trainingFraction: 0.8,
            validationFraction: validationFraction)
    }

    func model(on device: Device = .cpu) throws -> LanguageModel {
        let configuration = LanguageModel.Configuration(
            cell: cell, vocabulary: Vocabulary(of: text), hiddenSize: hiddenSize, layerCount: layerCount,
            dropout: dropout, embeddingSize: embeddingSize)
        return try LanguageModel(configuration, on: device, seed: seed)
    }

    func trainer(on device: Device = .cpu, sharingWith devices: [Device] = []) throws -> Trainer {
        try Trainer(model: model(on: device), dataset: dataset(), options: options, sharingWith: devices)
    }
}

extension ReferenceNetwork {
    /// With the parameters that `model` has now, in the zero state.
    init(_ model: LanguageModel, batchSize: Int) throws {
        let configuration = model.configuration
        self.init(
            configuration.cell, vocabularySize: model.vocabulary.count, embeddingSize: configuration.embeddingSize,
            hiddenSize: configuration.hiddenSize, layerCount: configuration.layerCount, batchSize: batchSize,
            parameters: try model.parameterValues().asDoubles)
    }

    /// The mean loss over a part, the state being carried from batch to batch.
    mutating func meanLoss(over part: TextDataset.Split, of dataset: TrainingData) throws -> Double {
        var losses: [Double] = []
        for index in 0..<dataset.batchCount(in: part) {
            let batch = try dataset[part]!.batch(index, epoch: 0)
            losses += read(batch.inputs, targets: batch.targets)
        }
        return losses.mean
    }
}

extension [Double] {
    var mean: Double { reduce(0, +) / Double(count) }
}

extension Checkpoint {
    /// The checkpoint after a journey through a file.
    func throughFile() throws -> Checkpoint {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("journey.safetensors")
            try write(to: file)
            return try Checkpoint(contentsOf: file)
        }
    }

    /// The bytes of its file.
    func fileBytes() throws -> Data {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("bytes.safetensors")
            try write(to: file)
            return try Data(contentsOf: file)
        }
    }
}
