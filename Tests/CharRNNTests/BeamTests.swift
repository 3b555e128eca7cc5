import CharRNN
import Foundation
import TestSupport
import Testing

/// Beam search against trying all texts.
@Suite struct BeamTests {
    private func session() throws -> Session {
        var session = try Run(hiddenSize: 9, text: "abcab.").model().makeSession()
        try session.feed("ab")
        return session
    }

    /// All texts of a length with ln p, the likeliest first.
    private func all(_ session: Session, length: Int) throws -> [(tokens: [Int], logProbability: Double)] {
        var texts: [(tokens: [Int], logProbability: Double, session: Session)] = [([], 0, session)]
        for _ in 0..<length {
            texts = try texts.flatMap { text in
                try (0..<session.vocabulary.count).map { token in
                    var next = text.session
                    try next.feed(token)
                    let logProbability = text.session.next.logProbability(of: token)
                    return (text.tokens + [token], text.logProbability + logProbability, next)
                }
            }
        }
        return texts.map { ($0.tokens, $0.logProbability) }.sorted { $0.logProbability > $1.logProbability }
    }

    @Test func aWideBeamFindsTheBest() throws {
        let session = try session()
        let before = session.next.logits
        let expected = try all(session, length: 4)
        let beams = try session.beams(width: 256, length: 4)
        #expect(beams.count == 256)
        for (beam, text) in zip(beams, expected) {
            #expect(abs(beam.logProbability - text.logProbability) <= 1e-9)
        }
        #expect(beams[0].tokens == expected[0].tokens)
        #expect(Set(beams.map(\.tokens)) == Set(expected.map(\.tokens)))
        expectSame(session.next.logits, before)
    }

    @Test func aNarrowBeamIsTheSearchWrittenPlainly() throws {
        let session = try session()
        for width in [2, 3] {
            var kept: [[Int]] = [[]]
            func logProbability(_ tokens: [Int]) throws -> Double {
                var (session, sum) = (session, 0.0)
                for token in tokens {
                    sum += session.next.logProbability(of: token)
                    try session.feed(token)
                }
                return sum
            }
            for _ in 0..<6 {
                let longer = kept.flatMap { tokens in (0..<4).map { tokens + [$0] } }
                kept = try longer.map { ($0, try logProbability($0)) }.sorted { $0.1 > $1.1 }.prefix(width).map(\.0)
            }
            let beams = try session.beams(width: width, length: 6)
            #expect(beams.map(\.tokens) == kept)
            for beam in beams {
                #expect(abs(beam.logProbability - (try logProbability(beam.tokens))) <= 1e-9)
                #expect(beam.text == session.vocabulary.decode(beam.tokens))
                var read = session
                try read.feed(beam.tokens)
                expectSame(beam.session.next.logits, read.next.logits)
            }
        }
    }

    @Test func aBeamOfOneIsGreedy() throws {
        let session = try session()
        let greedy = Array(session.tokens(temperature: 0, using: SplitMix64(seed: 1)).prefix(20))
        #expect(try session.beams(width: 1, length: 20).map(\.tokens) == [greedy])
        #expect(try session.beams(width: 5, length: 0).map(\.tokens) == [[]])
    }
}
