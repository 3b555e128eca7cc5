import CharRNN
import TestSupport
import Testing

/// Texts too short for the batches asked for.
@Suite struct ShortTextTests {
    @Test(arguments: [(0.95, 0.05), (0.8, 0.1), (1.0, 0.0), (0.5, 0.5), (0.01, 0.99)] as [(Double, Double)])
    func everyShortTextIsCutSensiblyOrRefused(_ training: Double, _ validation: Double) throws {
        // All the shortest ones, and beyond them every fifth.
        for count in Array(0...70) + stride(from: 71, through: 200, by: 5) {
            let text = SmallText.noise(count)
            for (batchSize, sequenceLength) in [(50, 50), (1, 1), (3, 7), (200, 1), (1, 200), (64, 2)] {
                do {
                    let dataset = try TextDataset(
                        text: text, batchSize: batchSize, sequenceLength: sequenceLength, trainingFraction: training,
                        validationFraction: validation)
                    try check(dataset, count, batchSize, sequenceLength, training, validation)
                } catch TextError.tooShort(_, let characters, let needed) {
                    #expect(characters == count)
                    #expect(count < needed, "refused although \(needed) are enough")
                } catch TextError.emptyPart(let part, let fraction, let batches) {
                    #expect(part == "training" && fraction == 0.01, "the only one below one batch of 50")
                    #expect(batches == count / (batchSize * sequenceLength) && batches < 100)
                }
            }
        }
    }

    private func check(
        _ dataset: TextDataset, _ count: Int, _ batchSize: Int, _ sequenceLength: Int, _ training: Double,
        _ validation: Double
    ) throws {
        let (b, s) = (dataset.batchSize, dataset.sequenceLength)
        #expect((1...batchSize).contains(b) && (1...sequenceLength).contains(s))
        let wasShrunken = b != batchSize || s != sequenceLength
        #expect(dataset.notices.contains { $0.hasPrefix("the text is short") } == wasShrunken)
        #expect(!dataset.batches(in: .training).isEmpty)
        #expect(validation == 0 || !dataset.batches(in: .validation).isEmpty)
        #expect(training + validation > 0.999 || !dataset.batches(in: .test).isEmpty)
        let parts: [TextDataset.Split] = [.training, .validation, .test]
        let batches = parts.flatMap { Array(dataset.batches(in: $0)) }
        #expect(batches.count == count / (b * s))
        for index in batches {
            let batch = try dataset.batch(index)
            #expect(batch.inputs.count == b * s && batch.targets.count == b * s)
        }
    }

    @Test func theNoticesSayWhatHappened() throws {
        let dataset = try TextDataset(text: SmallText.noise(1205), batchSize: 50, sequenceLength: 50)
        #expect(
            dataset.notices == [
                "the text is short (1,205 characters), so the batch size is 12 instead of 50",
                "5 characters at the end fill no batch and are left out",
                "there are only 2 batches, fewer than 50; a smaller batch size or sequence length, or more text, will "
                    + "train better",
            ])
        let plenty = try TextDataset(text: SmallText.noise(600), batchSize: 4, sequenceLength: 3)
        #expect(plenty.batches(in: .training).count + plenty.batches(in: .validation).count == 50)
        #expect(plenty.notices.isEmpty)
    }

    @Test func aTextThatCannotBeSplitIsAnError() {
        for (text, count) in [("", "0 characters"), ("a", "1 character")] {
            let error = #expect(throws: TextError.self) { try TextDataset(text: text) }
            #expect(
                error?.description
                    == "the text has \(count); at least 2 are needed to train and validate")
        }
    }

    @Test func aFractionThatYieldsNoBatchIsNamedAndTheBatchesAreNotShrunken() throws {
        func dataset(_ training: Double, _ validation: Double, of count: Int) throws -> TextDataset {
            try TextDataset(
                text: SmallText.noise(count), batchSize: 5, sequenceLength: 4, trainingFraction: training,
                validationFraction: validation)
        }
        let error = #expect(throws: TextError.emptyPart(part: "validation", fraction: 0.0001, batches: 473)) {
            try dataset(0.9, 0.0001, of: 473 * 20)
        }
        #expect(
            error?.description
                == "the validation fraction 0.0001 of 473 batches is less than one batch; make it at least 0.0022 or 0, or "
                + "the batches smaller")
        let enough = try dataset(0.9, 0.0022, of: 473 * 20)
        #expect(enough.batches(in: .validation).count == 1 && enough.batchSize == 5)
        #expect(throws: TextError.emptyPart(part: "training", fraction: 0.001, batches: 100)) {
            try dataset(0.001, 0.9, of: 2000)
        }
        // A tenth of few batches is one that a short text may have in smaller ones.
        #expect(try dataset(0.8, 0.1, of: 100).batchSize == 2)
    }

    @Test func aTextOfTwoCharactersCanBeTrainedOn() throws {
        let dataset = try TextDataset(text: "ab")
        let model = try LanguageModel(
            .init(vocabulary: dataset.vocabulary, hiddenSize: 3, layerCount: 1), on: .cpu, seed: 1)
        let trainer = try Trainer(model: model, dataset: dataset)
        #expect(try trainer.step().loss.isFinite)
        #expect(try trainer.evaluate(.validation).isFinite)
    }

    @Test func sizesBeyondAllTextsAreShrunken() throws {
        let dataset = try TextDataset(text: SmallText.noise(100), batchSize: 1 << 31, sequenceLength: 1 << 40)
        #expect(dataset.batchSize == 1 && dataset.sequenceLength == 50)
    }
}
