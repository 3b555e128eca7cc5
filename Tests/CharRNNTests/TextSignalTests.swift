import CharRNN
import TestSupport
import Testing

/// Signals of a text, and how units go along with them.
@Suite struct TextSignalTests {
    private func values(_ signal: TextSignal, _ text: String, _ kind: TokenKind = .scalars) throws -> [Double] {
        let vocabulary = Vocabulary(of: text, kind: kind)
        return signal.values(of: try vocabulary.encode(text), in: vocabulary)
    }

    @Test func signalsSayWhatTheyAreCalled() throws {
        #expect(try values(.linePosition, "ab\nc\n\nd") == [0, 1, 0, 1, 0, 0, 1])
        #expect(try values(.quotes, #"a "b" c"#) == [0, 0, 1, 1, 0, 0, 0])
        #expect(try values(.quotes, "a “b” c") == [0, 0, 1, 1, 0, 0, 0])
        #expect(try values(.quotes, "\"a\nb\n \nc") == [1, 1, 1, 1, 1, 1, 0, 0])
        #expect(try values(.brackets, "a(b[c])d)(") == [0, 1, 1, 2, 2, 1, 0, 0, 0, 1])
        #expect(try values(.indentation, " a b\n\t c\nd") == [1, 1, 1, 1, 0, 1, 2, 2, 0, 0])
        #expect(try values(.sentenceStarts, "Ab. Cd\n\ne") == [1, 0, 1, 1, 1, 0, 0, 1, 1])
        #expect(try values(.words, "a1 é") == [1, 0, 0, 1])
        #expect(try values(.digits, "a1 2") == [0, 1, 0, 1])
        #expect(TextSignal.all.map(\.name).count == 7)
        for signal in TextSignal.all { #expect(try values(signal, "").isEmpty) }
    }

    @Test func aCharacterOfSeveralTokensCountsAtItsLast() throws {
        #expect(try values(.linePosition, "aé\nb", .bytes) == [0, 0, 1, 0, 1])
        #expect(try values(.words, "é1", .bytes) == [0, 1, 0])
        #expect(try values(.linePosition, "a\r\nb", .characters) == [0, 0, 1])
    }

    @Test func correlationsArePearsons() throws {
        let text = SmallText.noise(200, alphabet: "ab (\n")
        let model = try Run(cell: .lstm, hiddenSize: 5, text: text).model()
        let trace = try model.trace(of: text, parts: [.hidden, .cell, .gates])
        let signal = try values(.linePosition, text)
        let found = trace.correlations(with: .linePosition)
        #expect(found.count == 2 * 6 * 5)
        #expect(zip(found, found.dropFirst()).allSatisfy { abs($0.r) >= abs($1.r) })
        for correlation in found {
            let unit = try #require(trace[correlation.part, layer: correlation.layer]).unit(correlation.unit)
            // r = (n Σxy − Σx Σy) / √((n Σx² − (Σx)²) (n Σy² − (Σy)²))
            let (x, n) = (unit.map(Double.init), Double(signal.count))
            func sum(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
            let one = [Double](repeating: 1, count: signal.count)
            let covariance = n * sum(x, signal) - sum(x, one) * sum(signal, one)
            let spread = { (v: [Double]) in n * sum(v, v) - sum(v, one) * sum(v, one) }
            let expected = covariance / (spread(x) * spread(signal)).squareRoot()
            #expect(abs(correlation.r - expected) <= 1e-7, "\(correlation)")
        }
    }

    @Test func aUnitGoesAlongWithItselfAndNothingWithWhatNeverChanges() throws {
        let text = SmallText.noise(150)
        let model = try Run(cell: .gru, hiddenSize: 5, text: text).model()
        let trace = try model.trace(of: text)
        let unit = try #require(trace[.hidden, layer: 1]).unit(3).map { 7 - 2 * Double($0) }
        let first = try #require(trace.correlations(with: TextSignal("a unit", values: unit)).first)
        #expect(first.layer == 1 && first.part == .hidden && first.unit == 3 && abs(first.r + 1) <= 1e-6)
        let still = trace.correlations(with: TextSignal("nothing") { _ in 0.1 })
        #expect(still.count == 10 && still.allSatisfy { $0.r == 0 })
        let vowels = trace.correlations(with: TextSignal("vowels") { "ae".contains($0) ? 1 : 0 })
        #expect(vowels[0].r != 0)
        // Biases alone: every unit is the same after all tokens but the first.
        try model.setParameterValues([Float](repeating: 0, count: model.parameterCount))
        #expect(try model.trace(of: text).correlations(with: .linePosition).allSatisfy { $0.r == 0 })
    }
}
