import CPUKernels
import Glibc

/// The model's opinion of the next character: a logit for each token, and ways to narrow and draw from it.
///
/// ```swift
/// let token = session.next.temperature(0.8).topK(20).sample(using: &generator)
/// ```
///
/// Each piece works on what the one before it has left, so their order is yours to choose. They consume the value that
/// they are called on: a chain of them works in place on one copy of the logits.
///
/// A token whose logit is no finite number (−∞, but also NaN and +∞) is ruled out everywhere: it has the probability 0
/// and is never drawn. When all are, the distribution ``isEmpty``.
public struct Distribution: Sendable {
    /// Logarithms of the probabilities up to a constant, V of them; −∞ for a token that is ruled out.
    public var logits: [Float]

    /// From V logits, in nats: p ∝ exp of each. −∞ is a token that is not drawn.
    public init(logits: [Float]) { self.logits = logits }

    /// Whether no token is left to draw.
    public var isEmpty: Bool { likeliest == nil }

    /// The likeliest token, the first when there are several. That no token is left is a programmer error; see ``isEmpty``.
    public var greedy: Int {
        guard let likeliest else { preconditionFailure("none of \(logits.count) tokens is left to be the likeliest") }
        return likeliest
    }

    /// The probabilities, which sum to 1; all 0 when no token is left. The largest logit is subtracted first, so that
    /// none overflows.
    public var probabilities: [Float] {
        withUnsafeTemporaryAllocation(of: Double.self, capacity: logits.count) { probabilities in
            _ = softmax(into: probabilities)
            return probabilities.map { Float($0) }
        }
    }

    /// ln p of a token, −∞ for one that is ruled out.
    public func logProbability(of token: Int) -> Double {
        precondition(logits.indices.contains(token), "token \(token) of \(logits.count)")
        guard logits[token].isFinite else { return -.infinity }
        return withUnsafeTemporaryAllocation(of: Double.self, capacity: logits.count) { weights in
            let (sum, maximum) = weigh(into: weights)
            return Double(logits[token]) - Double(maximum) - log(sum)
        }
    }

    /// A token drawn with its probability. That no token is left is a programmer error; see ``draw(using:)``.
    public func sample(using generator: inout some RandomNumberGenerator) -> Int {
        guard let token = draw(using: &generator) else {
            preconditionFailure("0 of \(logits.count) tokens to draw from")
        }
        return token
    }

    /// A token drawn with its probability; nil when no token is left, and then nothing is taken from the generator.
    public func draw(using generator: inout some RandomNumberGenerator) -> Int? {
        withUnsafeTemporaryAllocation(of: Double.self, capacity: logits.count) { weights in
            let sum = weigh(into: weights).sum
            guard sum > 0 else { return nil }
            var rest = generator.uniform() * sum
            var last = 0
            for (token, weight) in weights.enumerated() where weight > 0 {
                if rest < weight { return token }
                rest -= weight
                last = token
            }
            return last  // rounding took what was left
        }
    }
}

// MARK: - What the pieces are made of

extension Distribution {
    /// The likeliest token, the first when there are several; nil when none is left.
    var likeliest: Int? {
        var (best, maximum): (Int?, Float) = (nil, -.infinity)
        for token in logits.indices where logits[token] > maximum && logits[token] < .infinity {
            (best, maximum) = (token, logits[token])
        }
        return best
    }

    /// The largest logit of a token that is left; −∞ when none is.
    var maximum: Float { likeliest.map { logits[$0] } ?? -.infinity }

    /// Writes e^(logit − maximum) of each token, 0 for one that is ruled out, and returns their sum and the maximum. In
    /// double precision, so that a sum over a large vocabulary keeps small ones.
    func weigh(into weights: UnsafeMutableBufferPointer<Double>) -> (sum: Double, maximum: Float) {
        let maximum = maximum
        guard let weights = weights.baseAddress else { return (0, maximum) }
        return (cpu_weigh(logits, maximum, weights, logits.count), maximum)
    }

    /// Writes the probabilities, rounded to single precision, and returns the number of which a logit is short by the
    /// surprise, −ln p, of its token.
    func softmax(into probabilities: UnsafeMutableBufferPointer<Double>) -> Double {
        let (sum, maximum) = weigh(into: probabilities)
        guard sum > 0 else { return -.infinity }
        for token in probabilities.indices { probabilities[token] = Double(Float(probabilities[token] / sum)) }
        return Double(maximum) + log(sum)
    }

    /// Puts another logit in the place of each.
    @inline(__always)
    mutating func change(_ new: (Int, Float) throws -> Float) rethrows {
        try logits.withUnsafeMutableBufferPointer { logits in
            for token in logits.indices { logits[token] = try new(token, logits[token]) }
        }
    }

    /// Rules out every token that does not satisfy a condition on its number and logit.
    @inline(__always)
    mutating func keep(where isKept: (Int, Float) throws -> Bool) rethrows {
        try change { token, logit in try logit.isFinite && !isKept(token, logit) ? -.infinity : logit }
    }
}
