import Glibc

/// What a model expects after a token of a text, and how it was surprised.
public struct Prediction: Hashable, Sendable {
    /// A token that may come next.
    public struct Candidate: Hashable, Sendable {
        /// Its number in the vocabulary.
        public let token: Int
        /// p
        public let probability: Double
    }

    /// −Σ p ln p over all tokens, in nats: how unsure the model is.
    public let entropy: Double
    /// −ln p of the token that does follow, in nats; nil after the last.
    public let surprise: Double?
    /// The likeliest tokens, the likeliest first, of equals the first.
    public let likeliest: [Candidate]
}

extension Prediction {
    /// - Parameters:
    ///   - logits: V of them.
    ///   - following: the token that does follow.
    ///   - count: how many of the likeliest are wanted.
    /// - Throws: ``BrokenModelError`` where a logit is no finite number.
    init(logits: UnsafeBufferPointer<Float>, following: Int?, count: Int) throws {
        var (maximum, isFinite) = (-Float.infinity, true)
        for logit in logits {
            maximum = max(maximum, logit)
            isFinite = isFinite && logit.isFinite
        }
        guard isFinite else { throw BrokenModelError() }
        // With z = logit − maximum and S = Σ eᶻ the entropy is ln S − Σ z eᶻ / S.
        var (sum, weighted) = (0.0, 0.0)
        for logit in logits {
            let z = Double(logit - maximum)
            let weight = exp(z)
            sum += weight
            weighted += z * weight
        }
        let normalizer = log(sum)
        entropy = max(0, normalizer - weighted / sum)
        surprise = following.map { max(0, normalizer - Double(logits[$0] - maximum)) }
        likeliest = Self.likeliest(logits, count: count).map {
            Candidate(token: $0, probability: exp(Double(logits[$0] - maximum)) / sum)
        }
    }

    /// The places of the largest logits, by insertion into a list of so few that sorting all would cost more.
    private static func likeliest(_ logits: UnsafeBufferPointer<Float>, count: Int) -> [Int] {
        var best: [Int] = []
        guard count > 0 else { return best }
        best.reserveCapacity(count + 1)
        for (token, logit) in logits.enumerated() {
            if best.count == count {
                guard logit > logits[best[count - 1]] else { continue }
                best.removeLast()
            }
            var place = best.count
            while place > 0 && logits[best[place - 1]] < logit { place -= 1 }
            best.insert(token, at: place)
        }
        return best
    }
}
