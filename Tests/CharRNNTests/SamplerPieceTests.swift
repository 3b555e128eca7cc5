import CharRNN
import Foundation
import TestSupport
import Testing

/// The pieces of a sampling chain against plain definitions, written here, and against Hugging Face transformers.
@Suite struct SamplerPieceTests {
    /// Distributions of every size and shape, some of whose tokens are ruled out already.
    private static let distributions: [[Float]] = {
        var generator = SplitMix64(seed: 11)
        var all: [[Float]] = [[0], [0, 0, 0], [-.infinity, 4, 4]]
        for size in [2, 5, 17, 65, 300] {
            for spread: Float in [0.1, 1, 4] {
                all.append((0..<size).map { _ in .random(in: -spread...spread, using: &generator) })
                all.append(
                    (0..<size).map { $0 % 3 == 1 ? -.infinity : .random(in: -spread...spread, using: &generator) })
            }
        }
        return all
    }()

    /// In double precision.
    private func softmax(_ logits: [Float]) -> [Double] {
        let weights = logits.map { exp(Double($0) - Double(logits.max()!)) }
        return weights.map { $0 / weights.reduce(0, +) }
    }

    private func kept(_ distribution: Distribution) -> [Int] {
        distribution.logits.indices.filter { distribution.logits[$0] > -.infinity }
    }

    private func logits(of probabilities: [Double]) -> Distribution {
        Distribution(logits: probabilities.map { Float(log($0)) })
    }

    /// The first tokens by `key`, equals by number, until their probabilities sum to `share`. Nil when a sum is so near
    /// that rounding decides.
    private func first(_ logits: [Float], by key: (Int) -> Double, reaching share: Double) -> [Int]? {
        let probabilities = softmax(logits)
        let possible = logits.indices.filter { logits[$0] > -.infinity }
        var (kept, sum): ([Int], Double) = ([], 0)
        for token in possible.sorted(by: { (key($0), $0) < (key($1), $1) }) {
            if abs(sum - share) < 1e-5 { return nil }
            if sum >= share { break }
            kept.append(token)
            sum += probabilities[token]
        }
        return kept.sorted()
    }

    @Test func topKAndTopPAreTheLikeliest() {
        var compared = 0
        for logits in Self.distributions {
            let ranked = logits.indices.filter { logits[$0] > -.infinity }
                .sorted { (-logits[$0], $0) < (-logits[$1], $1) }
            for count in [1, 2, 3, 16, 64, 65, 299, 1000] {
                #expect(kept(Distribution(logits: logits).topK(count)) == ranked.prefix(count).sorted())
            }
            for share: Float in [0.01, 0.3, 0.5, 0.9, 0.999] {
                guard let expected = first(logits, by: { -Double(logits[$0]) }, reaching: Double(share)) else {
                    continue
                }
                #expect(kept(Distribution(logits: logits).topP(share)) == expected)
                compared += 1
            }
        }
        #expect(compared > 140)
    }

    @Test func typicalIsNearestToTheEntropy() {
        var compared = 0
        for logits in Self.distributions {
            let probabilities = softmax(logits)
            let entropy = probabilities.reduce(0.0) { $1 > 0 ? $0 - $1 * log($1) : $0 }
            for share: Float in [0.01, 0.3, 0.5, 0.9, 0.999] {
                // In single precision, in which the library compares too: then equals are equals.
                let key = { Double(Float(abs(-log(probabilities[$0]) - entropy))) }
                guard let expected = first(logits, by: key, reaching: Double(share)) else { continue }
                let typical = kept(Distribution(logits: logits).typical(share))
                // Two whose keys differ by a rounding may change places.
                let different = Set(typical).symmetricDifference(expected).map(key)
                #expect(typical.count == expected.count)
                #expect((different.max() ?? 0) - (different.min() ?? 0) <= 1e-6)
                compared += 1
            }
        }
        #expect(compared > 140)
    }

    @Test func minPComparesWithTheLikeliest() {
        for logits in Self.distributions {
            let probabilities = softmax(logits)
            for share: Float in [0, 0.02, 0.3, 0.77, 1] {
                let least = Double(share) * probabilities.max()!
                let border = probabilities.contains { abs($0 - least) < 1e-6 * least && $0 != probabilities.max()! }
                if border { continue }
                let expected = logits.indices.filter { probabilities[$0] > 0 && probabilities[$0] >= least }
                #expect(kept(Distribution(logits: logits).minP(share)) == expected, "\(share) of \(logits)")
            }
        }
    }

    @Test func topNSigmaMeasuresInDeviations() {
        for logits in Self.distributions {
            let possible = logits.filter { $0 > -.infinity }.map(Double.init)
            let mean = possible.reduce(0, +) / Double(possible.count)
            let deviation = sqrt(possible.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(possible.count))
            for count: Float in [0.3, 1, 2.5] {
                let least = possible.max()! - Double(count) * deviation
                let expected = logits.indices.filter { Double(logits[$0]) >= least }
                let distribution = Distribution(logits: logits)
                #expect(kept(distribution.topNSigma(count)) == expected)
                #expect(kept(distribution.temperature(3).topNSigma(count)) == expected, "at any temperature")
            }
        }
    }

    /// The borders and equals where other programs disagree, as `Distribution` documents them.
    @Test func bordersAndEquals() {
        let halves = logits(of: [0.5, 0.3, 0.2])
        #expect(kept(halves.topP(0.5)) == [0])
        #expect(kept(halves.topP(0.8)) == [0, 1])
        #expect(kept(logits(of: [0.4, 0.3, 0.3]).topP(0.5)) == [0, 1])
        #expect(kept(logits(of: [0.25, 0.25, 0.25, 0.25]).topP(0.5)) == [0, 1])
        #expect(kept(logits(of: [0.2, 0.2, 0.2, 0.2, 0.2]).topP(0.8)) == [0, 1, 2, 3])
        #expect(kept(Distribution(logits: [1, 1, 1, 0]).topK(2)) == [0, 1])
        #expect(kept(logits(of: [0.6, 0.34, 0.06]).minP(0.1)) == [0, 1, 2])
        #expect(kept(logits(of: [0.6, 0.3, 0.06, 0.04]).minP(0.5)) == [0, 1])
        #expect(kept(logits(of: [0.5, 0.3, 0.05, 0.04, 0.11]).minP(0.1)) == [0, 1, 2, 4])
        let even = logits(of: [0.6, 0.1, 0.15, 0.15])
        #expect(kept(even.temperature(0.5).minP(0.1)) == [0])
        #expect(kept(even.minP(0.1).temperature(0.5)) == [0, 1, 2, 3], "the order is the caller's")
        for (share, expected) in [(0.3, [1, 2]), (0.5, [0, 1, 2]), (0.9, [0, 1, 2])] as [(Float, [Int])] {
            #expect(kept(logits(of: [0.5, 0.2, 0.2, 0.1]).typical(share)) == expected)
            #expect(kept(logits(of: [0.5, 0.2, 0.2, 0.1, 0]).typical(share)) == expected, "with an impossible token")
        }
        #expect(kept(halves.typical(0.3)) == [1])
        #expect(kept(halves.typical(0.5)) == [0, 1])
        #expect(kept(logits(of: [0.4, 0.2, 0.2, 0.2]).typical(0.2)) == [1], "of equals the first")
        #expect(kept(Distribution(logits: [0, 0, 0, 0]).typical(0.5)) == [0, 1])
        #expect(kept(Distribution(logits: [3, 2, 1, 0]).topNSigma(1)) == [0, 1])
    }

    @Test func penaltiesCountWhatWasRead() {
        let distribution = Distribution(logits: [2, -2, 0, 2, -.infinity])
        let seen = [0, 0, 0, 1, 1, 2, 4]
        func logits(_ repetition: Float, _ frequency: Float, _ presence: Float) -> [Float] {
            distribution.penalizing(seen, repetition: repetition, frequency: frequency, presence: presence).logits
        }
        // By llama.cpp.
        expectSame(logits(1.2, 0, 0), [2 / 1.2, -2.4, 0, 2, -.infinity])
        expectSame(logits(1, 0.5, 0.25), [0.25, -3.25, -0.75, 2, -.infinity])
        expectClose(Array(logits(1.2, 0.5, 0.25)[..<4]), [-0.083333, -3.65, -0.75, 2], within: 1e-6)
        expectSame(logits(1, 0, 0), distribution.logits)
        // Of any sequence, in any order.
        expectSame(distribution.penalizing(Set([3, 0]), presence: 1).logits, [1, -2, 0, 1, -.infinity])
        expectSame(
            distribution.penalizing(seen.reversed()[2...], frequency: 1).logits,
            distribution.penalizing([0, 0, 0, 1, 1], frequency: 1).logits)
    }

    @Test func biasesAreAdded() {
        let biased = Distribution(logits: [0, 0, 1]).biased(by: [0: Float(log(2.0)), 2: -.infinity])
        expectClose(biased.probabilities, [2.0 / 3, 1.0 / 3, 0], within: 1e-6)
    }

    @Test func aChainWorksInPlace() {
        let size = 65
        var distribution = Distribution(logits: (0..<size).map { Float($0 * 37 % 65) / 9 })
        let address = distribution.logits.withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) }
        let recent = [3, 4, 4][...]
        distribution = (consume distribution)
            .penalizing(recent, repetition: 1.1).biased(by: [3: 1]).filter { $0 != 7 }.temperature(0.9).topNSigma(3)
            .topK(40).topP(0.99).minP(0.01).typical(0.95)
        #expect(kept(distribution).count < 40)
        #expect(distribution.logits.withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) } == address)
        // And leaves alone what others hold.
        let copy = distribution
        _ = distribution.topK(1)
        #expect(copy.logits == distribution.logits && kept(copy).count > 1)
    }

    private struct Case: Decodable {
        let piece: String
        let value: Float
        let logits: [Float]
        let recent: [Int]
        let expected: [Float?]

        var result: Distribution {
            let distribution = Distribution(logits: logits)
            switch piece {
            case "temperature": return distribution.temperature(value)
            case "topK": return distribution.topK(Int(value))
            case "topP": return distribution.topP(value)
            case "minP": return distribution.minP(value)
            case "typical": return distribution.typical(value)
            case "repetition": return distribution.penalizing(recent, repetition: value)
            default:
                let sampling = Sampling(
                    repetitionPenalty: 1.2, temperature: 0.8, topK: 30, topP: 0.95, minP: 0.03, typical: 0.9)
                return distribution.applying(sampling, recent)
            }
        }
    }

    @Test func transformersKeepsTheSame() throws {
        let file = URL(fileURLWithPath: #filePath).appendingPathComponent("../../Reference/samplers.json")
            .standardizedFileURL
        let cases = try JSONDecoder().decode([Case].self, from: Data(contentsOf: file))
        #expect(Set(cases.map(\.piece)).count == 7)
        for test in cases {
            let result = test.result
            let expected = Distribution(logits: test.expected.map { $0 ?? -.infinity })
            #expect(kept(result) == kept(expected), "\(test.piece) \(test.value) of \(test.logits.count)")
            expectClose(
                result.probabilities, expected.probabilities.asDoubles, within: 2e-5, "\(test.piece) \(test.value)")
        }
    }
}
