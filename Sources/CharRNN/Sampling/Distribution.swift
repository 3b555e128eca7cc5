import Glibc

/// The model's opinion of the next character: a logit for each token, and ways to narrow and draw from it.
///
/// ```swift
/// let token = session.next.temperature(0.8).topK(20).sample(using: &generator)
/// ```
public struct Distribution: Sendable {
    /// Logarithms of the probabilities up to a constant; −∞ for a token that is ruled out.
    public var logits: [Float]

    /// To draw from it, at least one logit must be finite and none NaN.
    public init(logits: [Float]) {
        precondition(!logits.isEmpty, "a distribution over no tokens")
        self.logits = logits
    }

    /// The logits divided by `temperature`: below 1 bolder, above 1 more even. 0 leaves only the likeliest token.
    public func temperature(_ temperature: Float) -> Distribution {
        precondition(temperature >= 0, "a temperature of \(temperature)")
        guard temperature > 0 else { return keeping([greedy]) }
        // The largest logit becomes 0, so that none overflows however small the temperature is.
        let maximum = maximum
        return Distribution(logits: logits.map { ($0 - maximum) / temperature })
    }

    /// Only the tokens that satisfy a condition, at least one of which must be possible.
    ///
    /// ```swift
    /// session.next.filter { !session.vocabulary[$0].contains("\n") }
    /// ```
    public func filter(_ isIncluded: (Int) throws -> Bool) rethrows -> Distribution {
        keeping(try logits.indices.filter(isIncluded))
    }

    /// Only the `count` likeliest tokens.
    public func topK(_ count: Int) -> Distribution {
        precondition(count > 0, "the \(count) likeliest tokens")
        return count < logits.count ? keeping(ranked.prefix(count)) : self
    }

    /// Only the likeliest tokens whose probabilities sum to at least `share` (nucleus sampling, Holtzman et al. 2020).
    public func topP(_ share: Float) -> Distribution {
        precondition(share > 0 && share <= 1, "the tokens of \(share) of the probability")
        let probabilities = probabilities
        var sum: Float = 0
        let kept = ranked.prefix { token in
            defer { sum += probabilities[token] }
            return sum < share
        }
        return keeping(kept)
    }

    /// The likeliest token, the first when there are several.
    public var greedy: Int {
        var best = 0
        for token in 1..<max(1, logits.count) where logits[token] > logits[best] { best = token }
        return best
    }

    /// The probabilities, which sum to 1. The largest logit is subtracted first, so that none overflows.
    public var probabilities: [Float] {
        let weights = weights
        let sum = weights.reduce(0, +)
        return weights.map { Float($0 / sum) }
    }

    /// ln p of a token.
    public func logProbability(of token: Int) -> Double {
        precondition(logits.indices.contains(token), "token \(token) of \(logits.count)")
        return Double(logits[token]) - Double(maximum) - log(weights.reduce(0, +))
    }

    /// A token drawn with its probability. That no token is left, or a logit is NaN, is a programmer error.
    public func sample(using generator: inout some RandomNumberGenerator) -> Int {
        let weights = weights
        let sum = weights.reduce(0, +)
        precondition(sum > 0, "\(logits.count { $0 > -.infinity }) of \(logits.count) tokens to draw from, or NaN")
        var rest = generator.uniform() * sum
        var last = 0
        for (token, weight) in weights.enumerated() where weight > 0 {
            if rest < weight { return token }
            rest -= weight
            last = token
        }
        return last  // rounding took what was left
    }

    private var maximum: Float { logits[greedy] }
    /// e^(logit − maximum), in double precision so that a sum over a large vocabulary keeps small ones.
    private var weights: [Double] {
        let maximum = maximum
        return logits.map { exp(Double($0) - Double(maximum)) }
    }
    /// From the likeliest down, equals in order.
    private var ranked: [Int] { logits.indices.sorted { (logits[$1], $0) < (logits[$0], $1) } }

    private func keeping(_ tokens: some Sequence<Int>) -> Distribution {
        var kept = [Float](repeating: -.infinity, count: logits.count)
        for token in tokens { kept[token] = logits[token] }
        return Distribution(logits: kept)
    }
}
