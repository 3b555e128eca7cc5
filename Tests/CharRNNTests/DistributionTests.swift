import CharRNN
import Foundation
import TestSupport
import Testing

/// Narrowing a distribution and drawing from it.
@Suite struct DistributionTests {
    private let some = Distribution(logits: [0.5, 2, -1, 2, 1])

    /// The tokens that are not ruled out.
    private func possible(_ distribution: Distribution) -> [Int] {
        distribution.logits.indices.filter { distribution.logits[$0] > -.infinity }
    }

    @Test func probabilitiesAreTheSoftmax() {
        let distribution = Distribution(logits: [0, 1, 2])
        let sum = 1 + 2.718281828459045 + 7.38905609893065
        expectClose(
            distribution.probabilities, [1 / sum, 2.718281828459045 / sum, 7.38905609893065 / sum], within: 1e-7)
        expectClose([Float(distribution.logProbability(of: 2))], [2 - 2.407605964444380], within: 1e-6)
    }

    @Test func aTemperatureDividesTheLogits() {
        let colder = Distribution(logits: [1, 4, -2, 4, 2])
        expectClose(some.temperature(0.5).probabilities, colder.probabilities.asDoubles, within: 1e-6)
        expectClose(some.temperature(1).probabilities, some.probabilities.asDoubles, within: 1e-6)
        #expect(some.temperature(2).probabilities[2] > some.probabilities[2], "hot is more even")
    }

    @Test func temperatureZeroLeavesTheFirstOfTheLikeliest() {
        #expect(some.greedy == 1)
        #expect(possible(some.temperature(0)) == [1])
        expectSame(some.temperature(0).probabilities, [0, 1, 0, 0, 0])
        #expect(Distribution(logits: [3, 3, 3]).greedy == 0)
        #expect(Distribution(logits: [-.infinity, -5, -5]).greedy == 1)
        var generator = SplitMix64(seed: 1)
        for _ in 0..<20 { #expect(some.temperature(0).sample(using: &generator) == 1) }
    }

    @Test func aFilterKeepsWhatSatisfies() {
        #expect(possible(some.filter { $0 != 1 }) == [0, 2, 3, 4])
        #expect(some.filter { $0 != 1 }.greedy == 3)
    }

    @Test func drawingFromNothingTraps() async throws {
        let end = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            var generator = SplitMix64(seed: 1)
            _ = Distribution(logits: [1, 2]).filter { _ in false }.sample(using: &generator)
        }
        #expect(
            String(decoding: try #require(end).standardErrorContent, as: UTF8.self).contains(
                "0 of 2 tokens to draw from"))
        await #expect(processExitsWith: .failure) { _ = Distribution(logits: []).greedy }
    }

    /// Every way to narrow.
    static let pieces: [@Sendable (consuming Distribution) -> Distribution] = [
        { $0.temperature(0) }, { $0.temperature(0.5) }, { $0.filter { $0 != 9 } }, { $0.topK(1) }, { $0.topK(3) },
        { $0.topP(0.5) }, { $0.topP(1) }, { $0.minP(0) }, { $0.minP(0.5) }, { $0.typical(0.5) }, { $0.typical(1) },
        { $0.topNSigma(1) }, { $0.biased(by: [:]) }, { $0.penalizing([] as [Int], repetition: 2) },
        { $0.applying(Sampling(), []) },
    ]

    @Test(arguments: [[], [-.infinity], [.nan, -.infinity, .infinity, .nan]] as [[Float]])
    func ofNothingNothingIsDrawnAndNothingTraps(_ logits: [Float]) {
        for (index, piece) in Self.pieces.enumerated() {
            let left = piece(Distribution(logits: logits))
            #expect(left.isEmpty, "piece \(index)")
            var generator = SplitMix64(seed: 1)
            #expect(left.draw(using: &generator) == nil)
            #expect(generator == SplitMix64(seed: 1), "no number is used up")
            #expect(left.probabilities == [Float](repeating: 0, count: logits.count))
            for token in logits.indices { #expect(left.logProbability(of: token) == -.infinity) }
        }
    }

    @Test func whatIsNoNumberIsRuledOutByEveryPiece() {
        let broken = Distribution(logits: [.nan, 1, .infinity, 3, -.infinity, 2, .nan])
        let plain = Distribution(logits: [-.infinity, 1, -.infinity, 3, -.infinity, 2, -.infinity])
        #expect(broken.greedy == 3 && !broken.isEmpty)
        for (index, piece) in Self.pieces.enumerated() {
            let (left, expected) = (piece(broken), piece(plain))
            expectSame(left.probabilities, expected.probabilities, "piece \(index)")
            #expect(possible(Distribution(logits: expected.logits)).allSatisfy { [1, 3, 5].contains($0) })
            var (one, other) = (SplitMix64(seed: 3), SplitMix64(seed: 3))
            for _ in 0..<20 { #expect(left.draw(using: &one) == expected.draw(using: &other)) }
            for token in 0..<7 { #expect(left.logProbability(of: token) == expected.logProbability(of: token)) }
        }
    }

    @Test func topKKeepsTheLikeliest() {
        #expect(possible(some.topK(1)) == [1], "of equals the first")
        #expect(possible(some.topK(2)) == [1, 3])
        #expect(possible(some.topK(3)) == [1, 3, 4])
        #expect(possible(some.topK(4)) == [0, 1, 3, 4])
        #expect(possible(some.topK(5)) == [0, 1, 2, 3, 4])
        #expect(possible(some.topK(.max)) == [0, 1, 2, 3, 4])
    }

    @Test func topPKeepsTheFewestThatReachTheShare() {
        let distribution = Distribution(logits: [0.1, 0.2, 0.3, 0.4].map { Float(log($0)) })
        #expect(possible(distribution.topP(0.39)) == [3])
        #expect(possible(distribution.topP(0.41)) == [2, 3])
        #expect(possible(distribution.topP(0.69)) == [2, 3])
        #expect(possible(distribution.topP(0.71)) == [1, 2, 3])
        #expect(possible(distribution.topP(1)) == [0, 1, 2, 3])
        #expect(possible(distribution.topP(1e-9)) == [3], "at least one")
        expectClose(distribution.topP(0.41).probabilities, [0, 0, 3.0 / 7, 4.0 / 7], within: 1e-6)
    }

    @Test func theyCanBeCombined() {
        let distribution = Distribution(logits: [5, 4, 3, 2, 1]).temperature(0.7).topK(3).topP(0.9)
        #expect(possible(distribution) == [0, 1])
        expectClose([distribution.probabilities.reduce(0, +)], [1], within: 1e-6)
        #expect(possible(some.topK(2).temperature(0)) == [1])
    }

    @Test(
        arguments: [
            [1e4, -1e4, 0], [-1e4, -1e4 - 1, -1e4], [1e4, 1e4, 1e4], [88, 89, 90], [-3e38, 3e38, 0], [0],
        ] as [[Float]])
    func extremeLogitsGiveProbabilities(_ logits: [Float]) {
        var generator = SplitMix64(seed: 2)
        for temperature: Float in [0, .leastNormalMagnitude, 1e-30, 1e-3, 1, 1e3] {
            let distribution = Distribution(logits: logits).temperature(temperature)
            let probabilities = distribution.probabilities
            #expect(probabilities.allSatisfy { $0 >= 0 && $0 <= 1 }, "\(probabilities) at \(temperature)")
            expectClose([probabilities.reduce(0, +)], [1], within: 1e-6, "sum at \(temperature)")
            let token = distribution.sample(using: &generator)
            #expect(probabilities[token] > 0, "at \(temperature)")
            #expect(distribution.logProbability(of: token) <= 0)
        }
    }

    @Test func anImpossibleTokenHasNoProbability() {
        let distribution = some.topK(1)
        #expect(distribution.logProbability(of: 1) == 0)
        #expect(distribution.logProbability(of: 0) == -.infinity)
    }

    @Test func tokensAreDrawnAsOftenAsTheirProbabilitySays() {
        let draws = 20_000
        for distribution in [some, some.temperature(2), some.topK(3), Distribution(logits: [0, 0, 0, 0])] {
            var generator = SplitMix64(seed: 3)
            var counts = [Double](repeating: 0, count: distribution.logits.count)
            for _ in 0..<draws { counts[distribution.sample(using: &generator)] += 1 }
            var chiSquare = 0.0
            for (count, probability) in zip(counts, distribution.probabilities) {
                let expected = Double(draws) * Double(probability)
                if expected == 0 {
                    #expect(count == 0)
                } else {
                    chiSquare += (count - expected) * (count - expected) / expected
                }
            }
            // χ² of 4 degrees of freedom is above 18.5 once in a thousand times.
            #expect(chiSquare <= 18.5, "\(counts) for \(distribution.probabilities)")
        }
    }

    @Test func theSameSeedDrawsTheSame() {
        func draw(_ seed: UInt64) -> [Int] {
            var generator = SplitMix64(seed: seed)
            return (0..<50).map { _ in some.sample(using: &generator) }
        }
        #expect(draw(5) == draw(5))
        #expect(draw(5) != draw(6))
    }
}
