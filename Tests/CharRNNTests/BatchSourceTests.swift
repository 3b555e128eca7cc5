import CharRNN
import Foundation
import TestSupport
import Testing

/// Where batches come from: char-rnn's streams, documents, several side by side, and a source of one's own.
@Suite struct BatchSourceTests {
    private let vocabulary = Vocabulary(of: "abcdefgh\n")

    private func rows(_ batch: Batch) -> (inputs: [String], targets: [String]) {
        func rows(_ tokens: [Int32]) -> [String] {
            (0..<batch.batchSize).map { b in
                (0..<batch.steps).map { t in
                    let token = Int(tokens[t * batch.batchSize + b])
                    return token < 0 ? "·" : vocabulary[token]
                }.joined()
            }
        }
        return (rows(batch.inputs), rows(batch.targets))
    }

    @Test func rowsBecomeATimeMajorBatch() throws {
        let batch = Batch(rows: [[1, 2, 3], [4], [5, 6], []], resets: [1, 2])
        #expect(batch.batchSize == 4 && batch.steps == 2 && batch.targetCount == 3 && batch.resets == [1, 2])
        #expect(batch.inputs == [1, 0, 5, 0, 2, 0, 0, 0])
        #expect(batch.targets == [2, -1, 6, -1, 3, -1, -1, -1])
    }

    @Test func batchesThatAreNoneTrap() async {
        await #expect(processExitsWith: .failure) {
            _ = Batch(batchSize: 2, steps: 2, inputs: [1, 2], targets: [1, 2])
        }
        await #expect(processExitsWith: .failure) {
            _ = Batch(batchSize: 1, steps: 1, inputs: [1], targets: [1], resets: [1])
        }
        await #expect(processExitsWith: .failure) { _ = Batch(rows: [[1], [2]]) }
        await #expect(processExitsWith: .failure) {
            // There are 7 tokens.
            try Run().trainer().step(on: Batch(rows: [[0, 1, 7, 2, 3], [0, 1, 2, 3, 4], [0, 1, 2, 3, 4]]))
        }
        await #expect(processExitsWith: .failure) {
            try Run().trainer().step(on: Batch(rows: [[0], [], []], steps: 4))
        }
    }

    @Test func tokensInStreamsAreATextInStreams() throws {
        let text = SmallText.noise(130)
        let dataset = try TextDataset(
            text: text, batchSize: 3, sequenceLength: 4, trainingFraction: 1, validationFraction: 0, split: .text)
        let tokens = try dataset.vocabulary.encode(text)
        let streams = try StreamBatches(tokens, vocabulary: dataset.vocabulary, batchSize: 3, sequenceLength: 4)
        #expect(streams.batchCount == dataset.batches(in: .training).count)
        for index in 0..<streams.batchCount {
            let (mine, its) = try (streams.batch(index, epoch: 2), dataset.batch(index))
            #expect(mine.inputs == its.inputs && mine.targets == its.targets && mine.resets.isEmpty)
        }
        let error = #expect(throws: TextError.self) {
            try StreamBatches("abcdefgh", vocabulary: vocabulary, batchSize: 2, sequenceLength: 4)
        }
        #expect(error == .tooShort(name: "the text", characters: 8, needed: 9))
    }

    @Test func partsOfATextAreItsBatches() throws {
        for split in [TextSplit.streams, .text] {
            let dataset = try TextDataset(
                text: SmallText.noise(400), batchSize: 3, sequenceLength: 4, trainingFraction: 0.7,
                validationFraction: 0.2, split: split)
            for part in [TextDataset.Split.training, .validation, .test] {
                let source = try #require(dataset.part(part))
                #expect(source.batchCount == dataset.batches(in: part).count)
                for (index, number) in dataset.batches(in: part).enumerated() {
                    #expect(try source.batch(index, epoch: 0).inputs == dataset.batch(number).inputs)
                    #expect(try source.batch(index, epoch: 0).targets == dataset.batch(number).targets)
                }
            }
        }
    }

    @Test func documentsBeginWithABatchAndEndWithoutTargets() throws {
        // Pieces of 2 tokens: 3, 1, 1 and 2 of them; "h" alone has nothing to predict.
        let documents = try ["abcdef", "gh", "cd", "h", "efgh"].map { try vocabulary.encode($0) }
        let source = try DocumentBatches(documents, vocabulary: vocabulary, batchSize: 2, sequenceLength: 2)
        #expect(source.batchCount == 4 && source.characterCount == 5 + 1 + 1 + 3)
        let batches = try (0..<4).map { try source.batch($0, epoch: 0) }
        #expect(batches.map { rows($0).inputs[0] } == ["ab", "cd", "e\n", "c\n"])
        #expect(batches.map { rows($0).targets[0] } == ["bc", "de", "f·", "d·"])
        #expect(batches.map { rows($0).inputs[1] } == ["g\n", "ef", "g\n", "\n\n"])
        #expect(batches.map { rows($0).targets[1] } == ["h·", "fg", "h·", "··"])
        #expect(batches.map(\.resets) == [[0, 1], [1], [], [0]])
        #expect(throws: TextError.self) {
            try DocumentBatches([[1], []], vocabulary: vocabulary, batchSize: 2, sequenceLength: 2)
        }
    }

    @Test(arguments: [nil, UInt64(5)])
    func everyEpochReadsEveryDocumentOnce(_ seed: UInt64?) throws {
        var numbers = Numbers()
        let documents = (0..<97).map { index in
            numbers.indices(2 + index % 11, below: vocabulary.count).map(Int.init)
        }
        let source = try DocumentBatches(
            documents, vocabulary: vocabulary, batchSize: 5, sequenceLength: 3, shuffleSeed: seed)
        func read(_ epoch: Int) throws -> [[Int]] {
            var (open, done): ([[Int]], [[Int]]) = (Array(repeating: [], count: 5), [])
            for index in 0..<source.batchCount {
                let batch = try source.batch(index, epoch: epoch)
                for b in 0..<5 {
                    if batch.resets.contains(b) {
                        if !open[b].isEmpty { done.append(open[b]) }
                        open[b] = [Int(batch.inputs[b])]
                    }
                    for t in 0..<3 where batch.targets[t * 5 + b] >= 0 {
                        #expect(open[b].last == Int(batch.inputs[t * 5 + b]), "a row is read without gaps")
                        open[b].append(Int(batch.targets[t * 5 + b]))
                    }
                }
            }
            return done + open
        }
        func sorted(_ documents: [[Int]]) -> [[Int]] { documents.sorted { $0.lexicographicallyPrecedes($1) } }
        let epochs = try (0..<3).map(read)
        for epoch in epochs { #expect(sorted(epoch) == sorted(documents)) }
        #expect((epochs[0] == epochs[1]) == (seed == nil) && (epochs[1] == epochs[2]) == (seed == nil))
        // Whatever was asked for in between.
        #expect(try read(1) == epochs[1])
        let again = try DocumentBatches(
            documents, vocabulary: vocabulary, batchSize: 5, sequenceLength: 3, shuffleSeed: seed)
        #expect(try again.batch(2, epoch: 1).inputs == source.batch(2, epoch: 1).inputs)
        #expect(again.fingerprint == source.fingerprint)
        let other = try DocumentBatches(
            documents, vocabulary: vocabulary, batchSize: 5, sequenceLength: 3, shuffleSeed: 6)
        #expect(other.fingerprint != source.fingerprint)
    }

    @Test func aTextIsCutAtItsSeparator() throws {
        func documents(_ text: String, _ separator: String) throws -> [String] {
            let source = try DocumentBatches(
                text, separator: separator, vocabulary: vocabulary, batchSize: 1, sequenceLength: 20)
            return try (0..<source.batchCount).map { index in
                let (inputs, targets) = try rows(source.batch(index, epoch: 0))
                return String(inputs[0].prefix(1)) + targets[0].filter { $0 != "·" }
            }
        }
        #expect(try documents("ab\n\ncde\nf", "\n") == ["\nab\n", "\ncde\n", "\nf\n"])
        #expect(try documents("ab\n\ncde\nf\n\n", "\n\n") == ["\n\nab\n\n", "\n\ncde\nf\n\n"])
        #expect(throws: TextError.self) { try documents("\n\n\n", "\n") }
        #expect(throws: VocabularyError.self) { try documents("ab", "|") }
    }

    /// Documents as a program makes them that cuts strings.
    private func cut(_ text: String, _ separator: String) -> [String] {
        text.components(separatedBy: separator).filter { !$0.isEmpty }.map { separator + $0 + separator }
    }

    private func batches(_ source: any BatchSource, epoch: Int = 0) throws -> [[Int32]] {
        try (0..<source.batchCount).flatMap { index in
            let batch = try source.batch(index, epoch: epoch)
            return [batch.inputs, batch.targets, batch.resets.map { Int32($0) }]
        }
    }

    @Test(arguments: [
        "ab\ncd\n\nefgh", "\nab\ncd\n", "\n\n\nab", "ab", "a\nb\nc\nd\n\n\n",
        SmallText.noise(700, alphabet: "abcdefgh\n"),
    ])
    func documentsOfATextAreNotCopied(_ text: String) throws {
        let text = text + "\nefgh"
        for separator in ["\n", "\n\n", "e", "fgh"] {
            let dataset = try TextDataset(text: text, batchSize: 1, sequenceLength: 1)
            let documents = try cut(text, separator).map { try dataset.vocabulary.encode($0) }
            for (batchSize, length) in [(1, 20), (3, 2)] {
                let expected = try DocumentBatches(
                    documents, vocabulary: dataset.vocabulary, batchSize: batchSize, sequenceLength: length,
                    shuffleSeed: 4)
                let source = try DocumentBatches(
                    dataset, separator: separator, batchSize: batchSize, sequenceLength: length, shuffleSeed: 4)
                #expect(try batches(source, epoch: 1) == batches(expected, epoch: 1), "\(text), \(separator)")
                #expect(source.characterCount == expected.characterCount)
            }
        }
    }

    /// A text is looked through 65,536 tokens at a time.
    @Test func aSeparatorMayStandAnywhere() throws {
        for offset in 65_525...65_540 {
            let text =
                String(repeating: "a", count: offset) + "<|b|>" + String(repeating: "c", count: 65_530) + "<|b|>d<|"
            let dataset = try TextDataset(text: text, batchSize: 1, sequenceLength: 1)
            let source = try DocumentBatches(dataset, separator: "<|b|>", batchSize: 1, sequenceLength: 1 << 17)
            let expected = try DocumentBatches(
                cut(text, "<|b|>").map { try dataset.vocabulary.encode($0) }, vocabulary: dataset.vocabulary,
                batchSize: 1, sequenceLength: 1 << 17)
            #expect(expected.batchCount == 3)
            let isSame = try batches(source) == batches(expected)
            #expect(isSame, "\(offset)")
        }
    }

    @Test func theDocumentsOfATextAreSharedOut() throws {
        // Of 1 to 5 letters, each name there once.
        let names = (0..<40).map { String(repeating: ["a", "b", "c", "d", "e"][$0 % 5], count: $0 / 5 + 1) }
        func dataset(_ training: Double, _ validation: Double, names: [String]) throws -> TextDataset {
            try TextDataset(
                text: names.joined(separator: "\n"), batchSize: 2, sequenceLength: 3, trainingFraction: training,
                validationFraction: validation)
        }
        func read(_ source: (any BatchSource)?, _ vocabulary: Vocabulary) throws -> [String] {
            guard let source else { return [] }
            var (open, done) = ([String](repeating: "", count: source.batchSize), [String]())
            for index in 0..<source.batchCount {
                let batch = try source.batch(index, epoch: 0)
                for b in batch.resets {
                    done.append(open[b])
                    open[b] = ""
                }
                for entry in batch.targets.indices where batch.targets[entry] >= 0 {
                    open[entry % batch.batchSize] += vocabulary[Int(batch.targets[entry])]
                }
            }
            return (done + open).filter { !$0.isEmpty }.map { String($0.dropLast()) }.sorted()
        }
        for (training, validation, counts) in [
            (0.95, 0.05, [38, 2, 0]), (0.5, 0.25, [20, 10, 10]), (1, 0, [40, 0, 0]),
        ] {
            let dataset = try dataset(training, validation, names: names)
            let data = try TrainingData(dataset, documentSeparator: "\n", shuffleSeed: 3)
            let parts = try [TextDataset.Split.training, .validation, .test].map {
                try read(data[$0], dataset.vocabulary)
            }
            let ends = [counts[0], counts[0] + counts[1]]
            #expect(parts[0] == names[..<ends[0]].sorted())
            #expect(parts[1] == names[ends[0]..<ends[1]].sorted() && parts[2] == names[ends[1]...].sorted())
            #expect(
                data.notices[0]
                    == "the text is 40 documents: \(counts[0]) for training, \(counts[1]) for validation, \(counts[2]) for testing"
            )
            #expect(data.characterCount == dataset.characterCount)
            // Training alone is in another order every epoch.
            #expect(try batches(data.training, epoch: 0) != batches(data.training, epoch: 1))
            if let validation = data.validation {
                #expect(try batches(validation, epoch: 0) == batches(validation, epoch: 1))
            }
        }
        let short = try dataset(0.9, 0.1, names: Array(repeating: "ab", count: 20))
        let notices = try TrainingData(short, documentSeparator: "\n").notices
        #expect(notices.count == 1, "three of three steps are filled")
        let long = try TextDataset(text: "ab\ncd\nab\ncd\nab\ncd", batchSize: 1, sequenceLength: 8)
        #expect(
            try TrainingData(long, documentSeparator: "\n").notices.last
                == "documents of 3 characters, on average, fill only 38 % of the steps; a smaller sequence length or batch "
                + "size trains faster")
    }

    @Test func documentsThatAreNoneAreTold() throws {
        let dataset = try TextDataset(text: "ab cd ef gh|ij", batchSize: 1, sequenceLength: 2)
        func error(_ separator: String, of dataset: TextDataset) throws -> String {
            do {
                _ = try TrainingData(dataset, documentSeparator: separator)
                return "none"
            } catch { return "\(error)" }
        }
        #expect(
            try error("hg", of: dataset)
                == "the separator stands nowhere between two documents, so the text is a single one")
        #expect(try error("?", of: dataset) == "the model does not know the character '?' at position 0")
        #expect(try error("|", of: dataset) == "none")
        let rare = try dataset.withUnknownToken(minimumFrequency: 2)
        #expect(
            try error("|", of: rare)
                == "the separator of documents has a character that is rare in the text, and has no token of its own")
        #expect(try error(" ", of: rare) == "none")
        let parts = try TextDataset(
            text: "ab cd ef gh ij kl mn op qr st uv wx yz", batchSize: 1, sequenceLength: 1, trainingFraction: 0.9,
            validationFraction: 0.05)
        #expect(try error(" ", of: parts) == "the validation fraction 0.05 of 13 documents is less than one document")
    }

    @Test func sourcesStandSideBySide() throws {
        let streams = try StreamBatches(
            String(repeating: "abcdefgh", count: 4), vocabulary: vocabulary, batchSize: 2, sequenceLength: 3)
        let documents = try DocumentBatches(
            [[0, 1, 2], [3, 4, 5, 6], [1, 3]], vocabulary: vocabulary, batchSize: 1, sequenceLength: 3, shuffleSeed: 1)
        let joined = try JoinedBatches([documents, streams])
        #expect(joined.batchSize == 3 && joined.batchCount == 5 && documents.batchCount == 3)
        for number in 0..<15 {
            let batch = try joined.batch(number % 5, epoch: number / 5)
            let parts = try [
                documents.batch(number % 3, epoch: number / 3), streams.batch(number % 5, epoch: number / 5),
            ]
            #expect(rows(batch).inputs == parts.flatMap { rows($0).inputs })
            #expect(rows(batch).targets == parts.flatMap { rows($0).targets })
            #expect(batch.resets == parts[0].resets)
        }
        let other = try StreamBatches("abababababab", vocabulary: Vocabulary(of: "ab"), batchSize: 1, sequenceLength: 3)
        #expect(throws: VocabularyError.self) { try JoinedBatches([streams, other]) }
    }

    @Test func aSourceOfOnesOwnTeaches() throws {
        let source = Countdown()
        let model = try LanguageModel(.init(vocabulary: source.vocabulary, hiddenSize: 24, layerCount: 1), seed: 1)
        let trainer = try Trainer(
            model: model, dataset: TrainingData(training: source, validation: source),
            options: .init(optimizer: .adam(learningRate: 0.02)))
        for _ in 0..<150 { try trainer.step() }
        #expect(try trainer.evaluate(.validation) < 0.1 && trainer.epoch == 15)
        var session = try model.makeSession()
        try session.feed("7")
        #expect(session.vocabulary[session.next.greedy] == "6")
        let other = try Run().model()
        #expect(throws: VocabularyError.self) { try Trainer(model: other, dataset: TrainingData(training: source)) }
    }
}
