import CharRNN
import Foundation
import TestSupport
import Testing

/// One token for rare and unknown characters.
@Suite struct UnknownTokenTests {
    /// A text with U+FFFD in the place of what is rare in it, as a program without tokens makes it.
    private func replaced(_ text: String, _ frequency: Int, _ kind: TokenKind) -> (text: String, rare: [String]) {
        let parts = kind == .characters ? text.map { String($0) } : text.unicodeScalars.map { String($0) }
        var counts: [[UInt8]: Int] = [:]
        for part in parts { counts[Array(part.utf8), default: 0] += 1 }
        func isRare(_ part: String) -> Bool { counts[Array(part.utf8)]! < frequency }
        return (parts.map { isRare($0) ? "\u{FFFD}" : $0 }.joined(), parts.filter(isRare))
    }

    private func batches(_ dataset: TextDataset) throws -> [[Int32]] {
        try (0..<dataset.batches(in: .validation).upperBound).flatMap {
            try [dataset.batch($0).inputs, dataset.batch($0).targets]
        }
    }

    /// Texts whose numbers take 1, 2 and 4 bytes before rare characters are one.
    private static let texts: [String] = [
        SmallText.noise(300, alphabet: "abcd") + "éé—\u{FFFD}😀\r\n👩‍🚀",
        SmallText.noise(900, alphabet: "abcdefé") + scalars(0x400..<0x600),
        scalars(0x10000..<0x10000 + 70_000) + SmallText.noise(700, alphabet: "xyz"),
    ]

    private static func scalars(_ range: Range<UInt32>) -> String {
        var scalars = String.UnicodeScalarView()
        scalars.append(contentsOf: range.map { Unicode.Scalar($0)! })
        return String(scalars)
    }

    @Test(arguments: [(0, TokenKind.scalars), (0, .characters), (1, .scalars), (2, .scalars)])
    func aTextHasTheTokensOfOneWithoutItsRareCharacters(_ index: Int, _ kind: TokenKind) throws {
        let text = Self.texts[index]
        let plain = try TextDataset(text: text, tokens: kind, batchSize: 3, sequenceLength: 7)
        for frequency in [2, 3] {
            let (expectedText, rare) = replaced(text, frequency, kind)
            let expected = try TextDataset(text: expectedText, tokens: kind, batchSize: 3, sequenceLength: 7)
            let dataset = try plain.withUnknownToken(minimumFrequency: frequency)
            let vocabulary = dataset.vocabulary
            #expect(
                (0..<vocabulary.count).map { vocabulary[$0] }
                    == (0..<expected.vocabulary.count).map { expected.vocabulary[$0] })
            #expect(vocabulary.unknownToken.map { vocabulary[$0] } == "\u{FFFD}")
            #expect(try batches(dataset) == batches(expected))
            let notice = try #require(dataset.notices.first { $0.contains("fewer than \(frequency) times") })
            #expect(
                notice.hasPrefix("\(Count(Set(rare.map { Array($0.utf8) }).count)) characters that occur fewer than "),
                "\(notice)")
            #expect(plain.notices.count + 1 == dataset.notices.count)
            // Whatever else the text was numbered by before.
            let wide = try plain.numbered(by: plain.vocabulary.union(Vocabulary(of: "!?", kind: kind)))
            #expect(try batches(wide.withUnknownToken(minimumFrequency: frequency)) == batches(expected))
            #expect(try batches(dataset.numbered(by: vocabulary)) == batches(expected))
        }
    }

    @Test func whatIsRareIsNamed() throws {
        func notice(_ text: String, _ frequency: Int) throws -> String {
            try TextDataset(text: text, batchSize: 1, sequenceLength: 1).withUnknownToken(minimumFrequency: frequency)
                .notices[0]
        }
        #expect(
            try notice("aaabbb\tb\u{E9}", 2)
                == "2 characters that occur fewer than 2 times are one token, U+FFFD: '\\t' 'é'")
        #expect(
            try notice("aaabbbc", 2)
                == "1 character that occurs fewer than 2 times is the token of unknown ones, U+FFFD: 'c'")
        #expect(
            try notice("aabb", 2)
                == "no character occurs fewer than 2 times; what the model will not know is one token, U+FFFD")
        #expect(try notice("aa0123456789bcd", 2).hasSuffix(" '7' '8' '9' and 3 more"))
        let error = #expect(throws: TextError.self) { try notice("aaabb", 4) }
        #expect(error == .allRare(minimumFrequency: 4, highest: 3))
        #expect(error?.description == "no character occurs 4 times; the most frequent one occurs 3 times")
    }

    @Test func bytesHaveNoSuchToken() async {
        await #expect(processExitsWith: .failure) {
            _ = try TextDataset(bytes: Data("abcabc".utf8), batchSize: 1, sequenceLength: 1)
                .withUnknownToken(minimumFrequency: 2)
        }
    }

    @Test func aCacheServesEveryFrequency() throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("input.txt")
            let text = Self.texts[1]
            try Data(text.utf8).write(to: file)
            let cache = folder.appendingPathComponent("input.txt.scalars.cache")
            var bytes: Data?
            for frequency in [3, 2, 1, 3] {
                let dataset = try TextDataset(contentsOf: file, batchSize: 3, sequenceLength: 7)
                    .withUnknownToken(minimumFrequency: frequency)
                let inMemory = try TextDataset(
                    text: replaced(text, frequency, .scalars).text, batchSize: 3, sequenceLength: 7)
                #expect(
                    try dataset.vocabulary.decode(batches(dataset).joined().map(Int.init))
                        == inMemory.vocabulary.decode(batches(inMemory).joined().map(Int.init)))
                let found = try Data(contentsOf: cache)
                #expect(bytes == nil || bytes == found)
                bytes = found
            }
        }
    }

    // MARK: The vocabulary

    private func vocabulary(_ text: String, kind: TokenKind = .scalars) throws -> Vocabulary {
        try TextDataset(text: text, tokens: kind, batchSize: 1, sequenceLength: 1).withUnknownToken(minimumFrequency: 2)
            .vocabulary
    }

    @Test func whatIsUnknownIsTheToken() throws {
        let vocabulary = try vocabulary("aabbc")
        #expect(vocabulary.count == 3 && vocabulary.unknownToken == 2)
        #expect(try vocabulary.encode("abcé\u{FFFD}a") == [0, 1, 2, 2, 2, 0])
        #expect(try vocabulary.encode("acéb", unknown: .skip) == [0, 1])
        #expect(try vocabulary.encode("acb", unknown: .replace(1)) == [0, 1, 1])
        #expect(vocabulary.decode([0, 2]) == "a\u{FFFD}")
        #expect(!vocabulary.contains("c"))
        let characters = try self.vocabulary("aabb👩‍🚀", kind: .characters)
        #expect(try characters.encode("a👩‍🚀é") == [0, 2, 2])
    }

    @Test func itIsPartOfTheVocabulary() throws {
        let open = try vocabulary("aabbc")
        let closed = Vocabulary(of: "ab\u{FFFD}")
        #expect(open != closed && closed.unknownToken == nil)
        #expect(open.difference(to: closed) == "only one of them has a token for unknown characters")
        #expect(open.difference(to: Vocabulary(of: "ab")) == "the other lacks '\u{FFFD}'")
        for union in [try open.union(Vocabulary(of: "cé")), try Vocabulary(of: "cé").union(open)] {
            #expect(union.count == 5 && union.unknownToken == 4 && union.bytes(of: 4) == Array("\u{FFFD}".utf8))
        }
        let json = try JSONEncoder().encode(open)
        #expect(try JSONDecoder().decode(Vocabulary.self, from: json) == open)
        #expect(String(decoding: json, as: UTF8.self).contains("\"unknown\":\"\u{FFFD}\""))
    }

    @Test(arguments: [
        #"{"kind":"scalars","tokens":["a","�"],"unknown":"a"}"#, #"{"kind":"scalars","tokens":["a"],"unknown":"�"}"#,
        #"{"kind":"bytes","tokens":[97],"unknown":"�"}"#, #"{"kind":"scalars","tokens":["�"],"unknown":1}"#,
    ])
    func whatCannotStandForUnknownCharactersIsRefused(_ json: String) {
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(Vocabulary.self, from: Data(json.utf8)) }
    }

    // MARK: Models

    @Test func aRunIsResumedWithTheTextAlone() throws {
        let plain = try TextDataset(text: Self.texts[0], batchSize: 3, sequenceLength: 4)
        let dataset = try plain.withUnknownToken(minimumFrequency: 3)
        let model = try LanguageModel(.init(vocabulary: dataset.vocabulary, hiddenSize: 5), on: .cpu, seed: 2)
        let trainer = try Trainer(model: model, dataset: dataset)
        for _ in 0..<3 { try trainer.step() }
        let checkpoint = try Checkpoint(of: trainer).throughFile()
        let resumed = try Trainer(resuming: checkpoint, dataset: plain, on: .cpu)
        for _ in 0..<3 {
            try trainer.step()
            try resumed.step()
        }
        #expect(try Checkpoint(of: resumed).fileBytes() == Checkpoint(of: trainer).fileBytes())
        // The model scores and reads any text.
        let text = "abcЖd"
        #expect(try model.logProbabilities(of: text) == model.logProbabilities(of: "abc\u{FFFD}d"))
        var session = try model.makeSession()
        try session.feed(text)
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("text")
            try Data(text.utf8).write(to: file)
            #expect(try model.score(contentsOf: file).tokens == 5)
        }
        let card = try Checkpoint(of: model).card(title: "a", sampling: "b")
        #expect(card.contains("| vocabulary | 5 scalars, with U+FFFD for all that it lacks |"), "\(card)")
    }

    @Test func widerVocabulariesKeepTheToken() throws {
        let model = try LanguageModel(.init(vocabulary: vocabulary("aabbc"), hiddenSize: 4), on: .cpu, seed: 2)
        let checkpoint = try Checkpoint(of: model)
        let wide = try checkpoint.widened(to: model.vocabulary.union(Vocabulary(of: "c")), seed: 1).configuration
            .vocabulary
        #expect(wide.contains("c") && wide.unknownToken == 3)
        // Its own tokens the wider one must have, for it has weights for each.
        #expect(throws: VocabularyError.self) { try checkpoint.widened(to: vocabulary("aaccb"), seed: 1) }
    }
}
