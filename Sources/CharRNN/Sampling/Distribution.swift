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
        withUnsafeTemporaryAllocation(of: Double.self, capacity: logits.count) { weights in
            let sum = weigh(into: weights)
            return weights.map { $0 > 0 ? Float($0 / sum) : 0 }
        }
    }

    /// ln p of a token, −∞ for one that is ruled out.
    public func logProbability(of token: Int) -> Double {
        precondition(logits.indices.contains(token), "token \(token) of \(logits.count)")
        guard logits[token].isFinite else { return -.infinity }
        return Double(logits[token]) - Double(maximum) - log(sumOfWeights)
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
            let sum = weigh(into: weights)
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

    /// Writes e^(logit − maximum) of each token, 0 for one that is ruled out, and returns their sum. In double
    /// precision, so that a sum over a large vocabulary keeps small ones.
    func weigh(into weights: UnsafeMutableBufferPointer<Double>) -> Double {
        let maximum = Double(maximum)
        var sum = 0.0
        for token in logits.indices {
            let logit = logits[token]
            let weight = logit.isFinite ? exp(Double(logit) - maximum) : 0
            weights.initializeElement(at: token, to: weight)
            sum += weight
        }
        return sum
    }

    private var sumOfWeights: Double {
        withUnsafeTemporaryAllocation(of: Double.self, capacity: logits.count) { weigh(into: $0) }
    }

    /// Rules out every token that does not satisfy a condition on its number and logit.
    @inline(__always)
    mutating func keep(where isKept: (Int, Float) throws -> Bool) rethrows {
        for token in logits.indices where logits[token].isFinite {
            if try !isKept(token, logits[token]) { logits[token] = -.infinity }
        }
    }
}
