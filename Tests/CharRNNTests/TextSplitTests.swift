import CharRNN
import Foundation
import TestSupport
import Testing

/// Parts of a text that lie one after the other.
@Suite struct TextSplitTests {
    /// 103 different characters, so that each tells where it stood.
    private static let text = String(String.UnicodeScalarView((0x100..<0x167).map { Unicode.Scalar($0)! }))

    private func dataset(
        batchSize: Int = 2, sequenceLength: Int = 5, training: Double = 0.9, validation: Double = 0.1
    ) throws -> TextDataset {
        try TextDataset(
            text: Self.text, batchSize: batchSize, sequenceLength: sequenceLength, trainingFraction: training,
            validationFraction: validation, split: .text)
    }

    /// The places in the text of a stream of a part, and of what follows each.
    private func stream(
        _ b: Int, _ part: TextDataset.Split, of dataset: TextDataset
    ) throws -> (read: [Int], next: [Int]) {
        var result = (read: [Int](), next: [Int]())
        for index in dataset.batches(in: part) {
            let batch = try dataset.batch(index)
            for t in 0..<batch.steps {
                result.read.append(Int(batch.inputs[t * batch.batchSize + b]))
                result.next.append(Int(batch.targets[t * batch.batchSize + b]))
            }
        }
        return result
    }

    @Test func theEndIsValidatedAsInNanoGPT() throws {
        let dataset = try dataset()
        // ⌊0.9 · 103⌋ = 92: nine batches of ten, and one of the last eleven.
        #expect(dataset.batches(in: .training) == 0..<9 && dataset.batches(in: .validation) == 9..<10)
        #expect(dataset.batches(in: .test).isEmpty)
        #expect(try stream(0, .training, of: dataset) == (Array(0..<45), Array(1..<46)))
        #expect(try stream(1, .training, of: dataset) == (Array(45..<90), Array(46..<91)))
        #expect(try stream(0, .validation, of: dataset) == (Array(92..<97), Array(93..<98)))
        #expect(try stream(1, .validation, of: dataset) == (Array(97..<102), Array(98..<103)))
        #expect(dataset.notices.contains { $0.hasPrefix("3 characters at the end fill no batch") })
    }

    @Test func noPartReadsAnother() throws {
        for (batchSize, length) in [(1, 1), (2, 3), (3, 4), (5, 2)] {
            let dataset = try dataset(batchSize: batchSize, sequenceLength: length, training: 0.6, validation: 0.25)
            for (part, range) in [
                (TextDataset.Split.training, 0..<61), (.validation, 61..<86), (.test, 86..<103),
            ] {
                #expect(!dataset.batches(in: part).isEmpty)
                for b in 0..<batchSize {
                    let (read, next) = try stream(b, part, of: dataset)
                    #expect((read + next).allSatisfy(range.contains), "\(part) of \(batchSize)x\(length)")
                    #expect(next == read.map { $0 + 1 })
                }
            }
        }
    }

    @Test func aShortTextGetsFewerStreams() throws {
        let short = try TextDataset(
            text: SmallText.noise(60), batchSize: 50, sequenceLength: 5, trainingFraction: 0.9, validationFraction: 0.1,
            split: .text)
        #expect(short.batchSize == 1 && short.batches(in: .validation).count == 1)
        #expect(throws: TextError.self) {
            try TextDataset(text: "ab", batchSize: 1, sequenceLength: 1, split: .text)
        }
    }

    @Test func aRunGoesOnOnlyWithTheSamePlaces() throws {
        func dataset(_ split: TextSplit) throws -> TextDataset {
            try TextDataset(
                text: SmallText.noise(151), batchSize: 2, sequenceLength: 5, trainingFraction: 0.5,
                validationFraction: 0.5, split: split)
        }
        let trainer = try Trainer(
            model: LanguageModel(.init(vocabulary: dataset(.text).vocabulary, hiddenSize: 3), on: .cpu, seed: 1),
            dataset: dataset(.text))
        try trainer.step()
        let checkpoint = try Checkpoint(of: trainer).throughFile()
        _ = try Trainer(resuming: checkpoint, dataset: dataset(.text))
        #expect(try dataset(.streams).batches(in: .training) == dataset(.text).batches(in: .training))
        #expect(throws: CheckpointError.otherData("its parts were cut in another way")) {
            try Trainer(resuming: checkpoint, dataset: dataset(.streams))
        }
    }
}

/// A text that is scored window by window.
@Suite struct WindowTests {
    @Test func eachWindowBeginsInTheZeroState() throws {
        let run = Run(cell: .lstm, hiddenSize: 6)
        let model = try run.model()
        let tokens = try model.vocabulary.encode(SmallText.noise(60, seed: 3))
        for device in Device.underTest {
            let model = try LanguageModel(copying: model, on: device)
            for size in [1, 7, 59] {
                var told: [Int] = []
                let found = try model.logProbabilities(of: tokens, inWindowsOf: size) { told.append($0) }
                #expect(told == [59 / size])
                let expected = try (0..<59 / size).flatMap { window in
                    try model.logProbabilities(of: tokens[window * size...(window + 1) * size])
                }
                #expect(found.count == 59 / size * size)
                expectClose(found.map(Float.init), expected, within: 1e-5, "windows of \(size) on \(device)")
            }
            #expect(try model.logProbabilities(of: tokens, inWindowsOf: 60).isEmpty)
            #expect(try model.logProbabilities(of: [], inWindowsOf: 2).isEmpty)
        }
    }

    @Test func moreWindowsThanAreReadAtATime() throws {
        let model = try Run(hiddenSize: 3, layerCount: 1).model()
        let tokens = try model.vocabulary.encode(SmallText.noise(10_000, seed: 4))
        // 1,170 windows side by side, and again the rest.
        let found = try model.logProbabilities(of: tokens, inWindowsOf: 7)
        #expect(found.count == 9_996)
        let last = try model.logProbabilities(of: tokens[9_989...9_996])
        expectClose(found.suffix(7).map(Float.init), last, within: 1e-5)
    }

    @Test func aBrokenModelIsTold() throws {
        let model = try Run().model()
        try model.setParameterValues(model.parameterValues().map { _ in .nan })
        #expect(throws: BrokenModelError.self) { try model.logProbabilities(of: [0, 1, 2], inWindowsOf: 2) }
    }
}
