/// One of the likeliest continuations that ``Session/beams(width:length:)`` has found.
public struct Beam: Sendable {
    /// The tokens that continue what was fed.
    public let tokens: [Int]
    /// ln p of all tokens together.
    public let logProbability: Double
    /// A session that has read them.
    public let session: Session

    /// The tokens as text.
    public var text: String { session.vocabulary.decode(tokens) }
}

extension Session {
    /// The likeliest continuations that beam search finds, the likeliest first: step by step, of all continuations of
    /// the beams by one token the `width` likeliest are kept. 1 is greedy; as many as there are texts finds the best.
    ///
    /// All have the same length, so nothing is divided by it, as transformers does (`length_penalty`) because its beams
    /// end at different places. Of equals the one comes first whose beginning did, then the one with the lower token.
    /// This session itself does not move.
    ///
    /// - Parameters:
    ///   - width: how many to keep, fewer where there are fewer.
    ///   - length: in tokens.
    /// - Throws: ``BrokenModelError``, ``ChangedModelError``, `DeviceError`.
    public func beams(width: Int, length: Int) throws -> [Beam] {
        precondition(width > 0 && length >= 0, "\(width) beams of \(length) tokens")
        var beams = [Beam(tokens: [], logProbability: 0, session: self)]
        for _ in 0..<length {
            let candidates = beams.enumerated().flatMap { parent, beam in
                let next = beam.session.next
                let likeliest = next.topK(width)
                return next.logits.indices.filter { likeliest.logits[$0].isFinite }.map { token in
                    Candidate(
                        parent: parent, token: token,
                        logProbability: beam.logProbability + next.logProbability(of: token))
                }
            }
            beams = try candidates.sorted().prefix(width).map { candidate in
                let parent = beams[candidate.parent]
                var session = parent.session
                try session.feed(candidate.token)
                return Beam(
                    tokens: parent.tokens + [candidate.token], logProbability: candidate.logProbability,
                    session: session)
            }
        }
        return beams
    }

    private struct Candidate: Comparable {
        let parent: Int
        let token: Int
        let logProbability: Double

        static func < (one: Candidate, other: Candidate) -> Bool {
            (-one.logProbability, one.parent, one.token) < (-other.logProbability, other.parent, other.token)
        }
    }
}
