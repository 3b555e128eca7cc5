import CharRNN
import Foundation
import TestSupport
import Testing

/// Reading whole sequences and many texts, against reading token by token.
@Suite struct ReadingTests {
    /// ln p of each token after the first, read one by one.
    private func oneByOne(_ model: LanguageModel, _ text: String, after start: String = "") throws -> [Double] {
        var session = try model.makeSession()
        for token in try model.vocabulary.encode(start) { try session.feed(token) }
        return try oneByOne(&session, text)
    }

    private func oneByOne(_ session: inout Session, _ text: String) throws -> [Double] {
        try session.vocabulary.encode(text).compactMap { token in
            let expected = session.recent.isEmpty ? nil : session.next.logProbability(of: token)
            try session.feed(token)
            return expected
        }
    }

    private func expectClose(_ actual: [Double], _ expected: [Double], within bound: Double = 1e-5, _ what: String) {
        // Sums of up to 9 terms in another order, and losses in single precision.
        TestSupport.expectClose(actual.map { Float($0) }, expected, within: bound, what)
    }

    private let text = SmallText.noise(300)

    @Test(arguments: RecurrentCell.allCases)
    func manyTextsAreReadAsEachAlone(_ cell: RecurrentCell) throws {
        // Of all lengths, more than one group of them, some of which are longer than a block.
        let lengths = [0, 1, 2, 3, 300, 150, 131] + (0..<90).map { 4 + $0 % 37 }
        let texts = lengths.map { String(text.prefix($0)) }
        for device in Device.ofAllLaunches {
            let model = try Run(cell: cell, hiddenSize: 9, text: text).model(on: device)
            let scores = try model.logProbabilities(of: texts)
            #expect(scores.map(\.count) == lengths.map { max(0, $0 - 1) })
            let expected = try oneByOne(model, text)
            for (index, score) in scores.enumerated() {
                expectClose(score, Array(expected.prefix(score.count)), "text \(index) of \(cell) on \(device)")
            }
        }
    }

    @Test func whatTextsHaveInCommonIsReadForEach() throws {
        // Of two letters, so that most begin as others do, or are the same, or go on; more than are read at a time.
        var generator = SplitMix64(seed: 5)
        let texts = (0..<700).map { number in
            String(
                (0..<(number % 50 == 0 ? 40 : Int.random(in: 0...12, using: &generator))).map { _ in
                    Bool.random(using: &generator) ? "a" : "b"
                })
        }
        let model = try Run(hiddenSize: 9, layerCount: 2, text: text).model()
        var session = try model.makeSession()
        try session.feed("abcab")
        let alone = try texts.map { try oneByOne(model, $0) }
        let following = try texts.map { try oneByOne(model, $0, after: "abcab") }
        for device in [Device.cpu] + Device.underTest.filter(\.isOpenCL).prefix(1) {
            let model = try LanguageModel(copying: model, on: device)
            for (session, expected) in [(nil, alone), (session, following)] {
                let scores = try model.logProbabilities(of: texts, after: session)
                for (index, score) in scores.enumerated() {
                    expectClose(score, expected[index], "'\(texts[index])', text \(index), on \(device)")
                }
            }
        }
    }

    @Test func textsMayFollowASession() throws {
        for device in Device.underTest {
            let model = try Run(cell: .gru, hiddenSize: 9, text: text).model(on: device)
            var session = try model.makeSession()
            // Nothing was read yet, so the first characters have no number.
            #expect(try model.logProbabilities(of: ["abc", "d"], after: session).map(\.count) == [2, 0])
            try session.feed("abcab")
            let (state, next) = (try session.state(), session.next.logits)
            let scores = try model.logProbabilities(of: ["fade", "b", ""], after: session)
            #expect(scores.map(\.count) == [4, 1, 0])
            expectClose(scores[0], try oneByOne(model, "fade", after: "abcab"), "after a session on \(device)")
            expectClose(scores[1], try oneByOne(model, "b", after: "abcab"), "one token on \(device)")
            #expect(try model.logProbabilities(of: "fade", after: session) == scores[0])
            #expect(try session.state() == state)
            expectSame(session.next.logits, next)
        }
    }

    @Test(arguments: RecurrentCell.allCases)
    func aSessionScoresWhatItIsFedPartByPart(_ cell: RecurrentCell) throws {
        for device in Device.underTest {
            let model = try Run(cell: cell, hiddenSize: 9, text: text).model(on: device)
            let expected = try oneByOne(model, text)
            var session = try model.makeSession()
            var scores: [Double] = []
            var rest = text[...]
            for length in [1, 0, 1, 5, 140, 16, 300] {
                scores += try session.logProbabilities(feeding: String(rest.prefix(length)))
                rest = rest.dropFirst(length)
            }
            expectClose(scores, expected, "\(cell) on \(device)")
            var whole = try model.makeSession()
            for token in try model.vocabulary.encode(text) { try whole.feed(token) }
            TestSupport.expectClose(session.next.logits, whole.next.logits.asDoubles, within: 1e-5, "\(device)")
            #expect(session.recent.elementsEqual(whole.recent))
        }
    }

    /// - Parameter forgetBias: with 5 a state is forgotten after some 1,500 characters, with 40 never.
    @Test(arguments: [nil, 5, 40] as [Float?])
    func aLongTextIsReadAsInOrder(_ forgetBias: Float?) throws {
        let text = SmallText.noise(20_000)
        for cell in forgetBias == nil ? RecurrentCell.allCases : [.lstm] {
            let model = try Run(cell: cell, hiddenSize: 6, layerCount: 2, text: text).model()
            if let forgetBias {
                // Large weights, so that the scores tell of the state; and the biases of the forget gates, behind W and U of
                // the first layer.
                var values = try model.parameterValues().map { $0 * 4 }
                let first = (7 + 6) * 24 + 6
                for unit in first..<first + 6 { values[unit] = forgetBias }
                try model.setParameterValues(values)
            }
            var inOrder = try model.makeSession()
            let expected = try oneByOne(&inOrder, text)
            let expectedState = try inOrder.state()
            // What is not forgotten are sums of up to 20,000 terms.
            let (bound, stateBound) = forgetBias == nil ? (1e-5, 1e-5) : (1e-4, 3e-4)
            for device in [Device.cpu] + Device.underTest.filter(\.isOpenCL).prefix(1) {
                let model = try LanguageModel(copying: model, on: device)
                expectClose(
                    try model.logProbabilities(of: text), expected, within: bound, "scores of \(cell) on \(device)")
                var session = try model.makeSession()
                expectClose(
                    try session.logProbabilities(feeding: text), expected, within: bound,
                    "\(cell), by a session on \(device)")
                var other = try model.makeSession()
                try other.feed(text)
                for state in [try session.state(), try other.state()] {
                    let expected = expectedState.hidden + expectedState.memory
                    for (rows, expected) in zip(state.hidden + state.memory, expected) {
                        TestSupport.expectClose(
                            rows, expected.asDoubles, within: expected.map { stateBound * max(1, Double(abs($0))) },
                            "state of \(cell) on \(device)")
                    }
                }
            }
        }
    }

    @Test func aCancelledReadingLeavesTheSessionAsItWas() async throws {
        let model = try Run(text: text).model()
        var session = try model.makeSession()
        try session.feed("abc")
        let (state, next) = (try session.state(), session.next.logits)
        let task = Task { [session, text] in
            var session = session
            withUnsafeCurrentTask { $0?.cancel() }
            #expect(throws: CancellationError.self) { try session.feed(text) }
            #expect(throws: CancellationError.self) { try session.logProbabilities(feeding: text) }
            #expect(throws: CancellationError.self) { try model.logProbabilities(of: [text, text]) }
            return (try session.state(), session.next.logits)
        }
        let after = try await task.value
        #expect(after.0 == state && after.1 == next)
    }

    @Test func progressCountsAllTokensAndMayEndTheReading() throws {
        let model = try Run(text: text).model()
        var fed: [Int] = []
        var session = try model.makeSession()
        let tokens = try model.vocabulary.encode(String(repeating: text, count: 10))
        try session.feed(tokens) { fed.append($0) }
        #expect(fed == fed.sorted() && fed.last == tokens.count)
        #expect(throws: CancellationError.self) { try session.feed(tokens) { _ in throw CancellationError() } }
        var seen: [Int] = []
        _ = try model.logProbabilities(of: [text, "abcd", "a"]) { seen.append($0) }
        #expect(seen.last == 304 && seen == seen.sorted())
        seen = []
        _ = try model.logProbabilities(of: [text] + (0..<600).map { String(text.prefix($0 % 20)) }) { seen.append($0) }
        // Those of one character have nothing to predict.
        #expect(seen.last == 300 + 30 * (190 - 1) && seen == seen.sorted())
        struct Enough: Error {}
        #expect(throws: Enough.self) {
            try model.logProbabilities(of: [text]) { if $0 > 100 { throw Enough() } }
        }
    }

    @Test(arguments: [TokenKind.scalars, .bytes, .characters])
    func aFileOfAnySizeIsScoredInParts(_ kind: TokenKind) throws {
        // Larger than the blocks in which files are read, and with a character of two bytes, or two scalars, at their ends.
        let line = "né\r\nabc e\u{301} "
        let text = String(repeating: line, count: (3 << 20) / 2 / line.utf8.count)
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("text.txt")
            try Data(text.utf8).write(to: file)
            let vocabulary = Vocabulary(of: line, kind: kind)
            var tokens: [Int] = []
            try vocabulary.forEachPart(of: file) { tokens += $0 }
            #expect(tokens == (try vocabulary.encode(text)))
            let short = String(text.prefix(40_001))
            try Data(short.utf8).write(to: file)
            let model = try LanguageModel(
                .init(vocabulary: vocabulary, hiddenSize: 4, layerCount: 1), on: .cpu, seed: 1)
            var parts = 0
            let score = try model.score(contentsOf: file) { _ in parts += 1 }
            let expected = try model.logProbabilities(of: short)
            #expect(parts > 1 && score.tokens == expected.count + 1 && score.predicted == expected.count)
            #expect(abs(score.nats + expected.reduce(0, +)) <= 1e-9 * score.nats)
            #expect(abs(score.bitsPerToken - score.natsPerToken / log(2)) <= 1e-12)
            try Data((short + "X").utf8).write(to: file)
            #expect(throws: VocabularyError.unknownCharacter("X", offset: score.tokens)) {
                try model.score(contentsOf: file)
            }
        }
    }
}
