import CharRNN
import Foundation
import TestSupport
import Testing

/// All of a chain as one value.
@Suite struct SamplingTests {
    private let all = Sampling(
        repetitionPenalty: 1.1, frequencyPenalty: 0.1, presencePenalty: 0.2, penaltyWindow: 10, temperature: 0.9,
        topNSigma: 2, topK: 40, topP: 0.95, minP: 0.02, typical: 0.9, mirostat: Mirostat(surprise: 1.5), seed: .max)

    private func decode(_ json: String) throws -> Sampling {
        try JSONDecoder().decode(Sampling.self, from: Data(json.utf8))
    }

    @Test func aFileNamesWhatIsSet() throws {
        #expect(try decode("{}") == Sampling())
        #expect(
            try decode(#"{"minP": 0.05, "temperature": 0.9, "mirostat": {"surprise": 2}}"#)
                == Sampling(temperature: 0.9, minP: 0.05, mirostat: Mirostat(surprise: 2)))
        #expect(try JSONDecoder().decode(Sampling.self, from: JSONEncoder().encode(all)) == all)
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        #expect(
            try decoder.decode(Sampling.self, from: Data(#"{"top_k": 5, "top_n_sigma": 1}"#.utf8))
                == Sampling(topNSigma: 1, topK: 5))
    }

    @Test(arguments: [
        (#"{"top_p": 0.5}"#, #"there is no "top_p"; there are repetitionPenalty, "#),
        (#"{"topP": 1.5}"#, "topP 1.5: it must be above 0 and at most 1"),
        (#"{"temperature": -1}"#, "temperature -1.0: it must be 0 or above"),
        (#"{"penaltyWindow": 257}"#, "penaltyWindow 257: it must be 1 to 256"),
        (#"{"mirostat": {"surprise": 2, "rate": 1}}"#, #"there is no "rate"; there are surprise, "#),
    ])
    func aFileIsUsedOrRefused(_ json: String, _ reason: String) {
        let error = #expect(throws: DecodingError.self) { try decode(json) }
        #expect("\(error as Any)".replacingOccurrences(of: "\\\"", with: "\"").contains(reason), "\(error as Any)")
    }

    @Test(
        arguments: [
            (\Sampling.repetitionPenalty, [0, -1, .nan]), (\.frequencyPenalty, [.infinity, .nan]),
            (\.presencePenalty, [.nan]), (\.temperature, [-0.1, .nan, .infinity]),
        ] as [(WritableKeyPath<Sampling, Float> & Sendable, [Float])])
    func whatIsOutOfItsRangeIsAnError(_ path: WritableKeyPath<Sampling, Float> & Sendable, _ values: [Float]) throws {
        for value in values {
            var sampling = all
            try sampling.check()
            sampling[keyPath: path] = value
            #expect(throws: SamplingError.self, "\(value)") { try sampling.check() }
        }
    }

    @Test func theOrderIsTheDocumentedOne() {
        var generator = SplitMix64(seed: 8)
        let next = Distribution(logits: (0..<65).map { _ in .random(in: -3...3, using: &generator) })
        let recent = (0..<40).map { $0 * 7 % 65 }
        let expected =
            next
            .penalizing(recent.suffix(10), repetition: 1.1, frequency: 0.1, presence: 0.2).temperature(0.9)
            .topNSigma(2).topK(40).topP(0.95).minP(0.02).typical(0.9)
        expectSame(next.applying(all, recent).logits, expected.logits)
        expectSame(next.applying(Sampling(), recent).logits, next.temperature(1).logits, "nothing is hidden")
    }

    @Test func aSeedDrawsTheSameStreamAsItsGenerator() async throws {
        var session = try Run(hiddenSize: 9).model().makeSession()
        try session.feed("abcab")
        let sampling = Sampling(repetitionPenalty: 1.3, temperature: 0.8, topK: 4, seed: 6)
        let expected = session.tokens(using: SplitMix64(seed: 6)) { next, recent in
            next.penalizing(recent.suffix(64), repetition: 1.3).temperature(0.8).topK(4)
        }
        let tokens = Array(expected.prefix(80))
        #expect(Array(session.tokens(by: sampling).prefix(80)) == tokens)
        var collected: [Int] = []
        for try await token in session.asyncTokens(by: sampling).prefix(80) { collected.append(token) }
        #expect(collected == tokens)
        // Without a seed two texts differ, or drawing 80 of 4 twice is the same.
        let unseeded = Sampling()
        #expect(Array(session.tokens(by: unseeded).prefix(80)) != Array(session.tokens(by: unseeded).prefix(80)))
    }
}
