import CharRNN
import Foundation
import TestSupport
import Testing

/// char-rnn's batches.
@Suite struct TextDatasetTests {
    private func letters(_ batch: Batch, _ tokens: KeyPath<Batch, [Int32]>, of dataset: TextDataset) -> [String] {
        // Row by row, as char-rnn lays them out.
        (0..<batch.batchSize).map { b in
            dataset.vocabulary.decode((0..<batch.steps).map { Int(batch[keyPath: tokens][$0 * batch.batchSize + b]) })
        }
    }

    private func rows(_ dataset: TextDataset, _ index: Int) throws -> (inputs: [String], targets: [String]) {
        let batch = try dataset.batch(index)
        return (letters(batch, \.inputs, of: dataset), letters(batch, \.targets, of: dataset))
    }

    @Test func bytesFromMemoryNeedNotBeText() throws {
        let bytes = Data((0..<60).map { [0xFF, 0x61, 0xC3][$0 % 3] })
        let dataset = try TextDataset(bytes: bytes, batchSize: 2, sequenceLength: 3)
        #expect(dataset.vocabulary == Vocabulary(of: bytes) && dataset.characterCount == 60)
        #expect(try dataset.batch(0).inputs == [2, 2, 0, 0, 1, 1])
        #expect(throws: TextError.notUTF8(file: "the text", offset: 0, byte: 0xFF)) {
            try TextDataset(bytes: bytes, tokens: .scalars)
        }
    }

    @Test func theLayoutIsCharRNNs() throws {
        // 2 streams of 3 steps: of 20 characters 18 are used, two rows of 9, three batches.
        let dataset = try TextDataset(
            text: "abcdefghijklmnopqrst", batchSize: 2, sequenceLength: 3, trainingFraction: 0.7,
            validationFraction: 0.3)
        #expect(dataset.characterCount == 20)
        #expect(dataset.batches(in: .training) == 0..<2)
        #expect(dataset.batches(in: .validation) == 2..<3)
        #expect(dataset.batches(in: .test).isEmpty)
        #expect(try rows(dataset, 0) == (["abc", "jkl"], ["bcd", "klm"]))
        #expect(try rows(dataset, 1) == (["def", "mno"], ["efg", "nop"]))
        // The end of a row is followed by the next row, the last character used by the first of the text.
        #expect(try rows(dataset, 2) == (["ghi", "pqr"], ["hij", "qra"]))
    }

    @Test func aBatchIsTimeMajor() throws {
        let dataset = try TextDataset(
            text: "abcdef", batchSize: 2, sequenceLength: 3, trainingFraction: 1, validationFraction: 0)
        let batch = try dataset.batch(0)
        #expect(batch.batchSize == 2 && batch.steps == 3)
        #expect(batch.inputs == [0, 3, 1, 4, 2, 5])
        #expect(batch.targets == [1, 4, 2, 5, 3, 0])
    }

    @Test func theBatchesOfTinyShakespeareAreCountedAsCharRNNCountsThem() throws {
        let dataset = try TextDataset(text: SmallText.rhythm(1_115_394))
        #expect(dataset.batchSize == 50 && dataset.sequenceLength == 50)
        #expect(dataset.batches(in: .training) == 0..<423)
        #expect(dataset.batches(in: .validation) == 423..<446)
        #expect(dataset.batches(in: .test) == 446..<446)
        #expect(dataset.notices == ["394 characters at the end fill no batch and are left out"])
    }

    @Test(
        arguments: [
            (0.95, 0.05, [95, 5, 0]), (0.8, 0.1, [80, 10, 10]), (0.5, 0.25, [50, 25, 25]), (0.7, 0.3, [70, 30, 0]),
            (1.0, 0.0, [100, 0, 0]), (0.9, 0.0, [90, 0, 10]), (0.33, 0.33, [33, 33, 34]), (0.615, 0.2, [61, 20, 19]),
        ] as [(Double, Double, [Int])])
    func theBatchesAreSharedOut(_ training: Double, _ validation: Double, _ expected: [Int]) throws {
        let dataset = try TextDataset(
            text: SmallText.noise(600), batchSize: 2, sequenceLength: 3, trainingFraction: training,
            validationFraction: validation)
        let parts: [TextDataset.Split] = [.training, .validation, .test]
        #expect(parts.map { dataset.batches(in: $0).count } == expected)
        #expect(parts.flatMap { Array(dataset.batches(in: $0)) } == Array(0..<100))
    }

    @Test(
        arguments: [
            (0.0, 0.05), (-0.1, 0.5), (1.1, 0.0), (0.5, -0.1), (0.9, 0.2), (.nan, 0.05), (0.95, .nan), (.infinity, 0),
        ] as [(Double, Double)])
    func fractionsThatMakeNoSenseAreRefused(_ training: Double, _ validation: Double) {
        let error = #expect(throws: TextError.self) {
            try TextDataset(
                text: SmallText.noise(600), batchSize: 2, sequenceLength: 3, trainingFraction: training,
                validationFraction: validation)
        }
        #expect(
            error?.description
                == "the training fraction \(training) and the validation fraction \(validation) must lie between 0 and "
                + "1, the first above 0, and not sum to more than 1")
    }

    @Test func everyCharacterIsAnInputOnceAndATargetOnce() throws {
        let text = SmallText.noise(7 * 5 * 4)
        let dataset = try TextDataset(
            text: text, batchSize: 5, sequenceLength: 4, trainingFraction: 0.5, validationFraction: 0.25)
        let batches = try (0..<7).map { try rows(dataset, $0) }
        let inputs = (0..<5).map { b in batches.map { $0.inputs[b] }.joined() }.joined()
        let targets = (0..<5).map { b in batches.map { $0.targets[b] }.joined() }.joined()
        #expect(inputs == text)
        #expect(targets == String(text.dropFirst()) + String(text.prefix(1)))
    }

    @Test(arguments: TokenKind.allCases)
    func linesOfWindowsAndATextOfOneCharacterAreTold(_ kind: TokenKind) throws {
        func notices(_ text: String) throws -> [String] {
            try TextDataset(text: text, tokens: kind, batchSize: 2, sequenceLength: 3).notices
        }
        let windows = "the text has carriage returns, '\\r', as lines have on Windows"
        #expect(try notices(String(repeating: "ab\r\n", count: 90)).contains { $0.hasPrefix(windows) })
        #expect(try notices(String(repeating: "ab\n", count: 200)).isEmpty)
        #expect(
            try notices(String(repeating: "a", count: 600))
                == ["the text has no other character than 'a', so there is nothing to learn"])
    }
}
