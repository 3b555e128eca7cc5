import CharRNN
import Foundation
import TestSupport
import Testing

/// Mirostat 2 against the paper's algorithm 2 written plainly, and against what llama.cpp does.
@Suite struct MirostatTests {
    private let next: Distribution = {
        var generator = SplitMix64(seed: 5)
        return Distribution(logits: (0..<65).map { _ in .random(in: -2...2, using: &generator) })
    }()

    @Test(arguments: [Float(0.5), 1.5, 3, 5])
    func itIsThePapersAlgorithm(_ target: Float) {
        var mirostat = Mirostat(surprise: target, learningRate: 0.2)
        var (one, other) = (SplitMix64(seed: 1), SplitMix64(seed: 1))
        var bound = 2 * Double(target)
        let probabilities = next.probabilities.map(Double.init)
        for step in 0..<500 {
            var kept = probabilities.indices.filter { -log2(probabilities[$0]) <= bound }
            if kept.isEmpty { kept = [next.greedy] }
            let left = next.filter(kept.contains)
            let expected = left.draw(using: &other)!
            let surprise = -log2(probabilities[expected] / kept.reduce(0) { $0 + probabilities[$1] })
            bound = min(bound - 0.2 * (surprise - Double(target)), log2(65))
            let token = mirostat.draw(from: next, using: &one)
            guard token == expected && abs(Double(mirostat.bound) - bound) <= 1e-3 else {
                Issue.record("\(token ?? -1) for \(expected), bound \(mirostat.bound) for \(bound), step \(step)")
                return
            }
            bound = Double(mirostat.bound)
        }
    }

    @Test func theMeanSurpriseIsTheTarget() {
        var mirostat = Mirostat(surprise: 3)
        var generator = SplitMix64(seed: 2)
        let begin = mirostat.bound
        var (sum, count) = (0.0, 2000.0)
        for _ in 0..<Int(count) {
            let bound = mirostat.bound
            _ = mirostat.draw(from: next, using: &generator)
            #expect(mirostat.bound < log2(65), "it does not reach its end")
            sum += 3 - Double(mirostat.bound - bound) / 0.1
        }
        #expect(abs(sum / count - 3) <= 0.1 && abs(mirostat.bound - begin) < 6)
    }

    @Test func theBoundOfEqualTokensIsTheOneOfLlamaCpp() {
        var mirostat = Mirostat(surprise: 5)
        var generator = SplitMix64(seed: 3)
        let uniform = Distribution(logits: [Float](repeating: 0, count: 1 << 16))
        // One token is kept 12 times, of no surprise; then all, of 16 bits; then one.
        for step in 1...12 {
            #expect(mirostat.draw(from: uniform, using: &generator) == 0)
            #expect(abs(mirostat.bound - (10 + 0.5 * Float(step))) <= 1e-4)
        }
        #expect(mirostat.draw(from: uniform, using: &generator) != 0)
        #expect(abs(mirostat.bound - 14.9) <= 1e-4)
        #expect(mirostat.draw(from: uniform, using: &generator) == 0)
    }

    @Test func theBoundHasAnEnd() {
        var mirostat = Mirostat(surprise: 5)
        var generator = SplitMix64(seed: 4)
        let certain = Distribution(logits: [0, -.infinity, -.infinity, -.infinity])
        for _ in 0..<1000 { #expect(mirostat.draw(from: certain, using: &generator) == 0) }
        #expect(mirostat.bound == 2, "log₂ 4")
        #expect(mirostat.draw(from: Distribution(logits: [.nan]), using: &generator) == nil)
    }

    @Test func itIsAValueThatCanBeKept() throws {
        var mirostat = Mirostat(surprise: 2)
        #expect(try JSONDecoder().decode(Mirostat.self, from: Data(#"{"surprise": 2}"#.utf8)) == mirostat)
        var generator = SplitMix64(seed: 5)
        let copy = mirostat
        for _ in 0..<10 { _ = mirostat.draw(from: next, using: &generator) }
        #expect(copy == Mirostat(surprise: 2) && mirostat != copy)
        #expect(try JSONDecoder().decode(Mirostat.self, from: JSONEncoder().encode(mirostat)) == mirostat)
        #expect(throws: SamplingError.self) { try Mirostat(checking: 0) }
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(Mirostat.self, from: Data(#"{"surprise": -1}"#.utf8))
        }
    }
}
