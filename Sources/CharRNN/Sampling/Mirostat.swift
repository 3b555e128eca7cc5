import Glibc

/// Mirostat 2 (Basu et al. 2021, <https://arxiv.org/abs/2007.14966>): draws so that the mean surprise of the text stays
/// near a target, neither dull nor incoherent, by cutting the tokens that surprise more than a bound which it learns.
///
/// ```swift
/// var mirostat = Mirostat(surprise: 1.5)
/// let token = mirostat.draw(from: session.next, using: &generator)
/// ```
///
/// It is a value with the bound as its memory: a copy learns for itself. Streams take one, see
/// ``Session/tokens(mirostat:using:_:)``.
///
/// The surprise of a drawn token is measured after the cut, in bits, as in llama.cpp; the authors' script measures it
/// before. Elsewhere the bound has no end, so that after a predictable passage nothing is cut for long; here it never
/// exceeds log₂ V, the surprise of drawing from all tokens alike. transformers has no Mirostat.
public struct Mirostat: Hashable, Sendable {
    /// τ, the mean surprise aimed at, in bits a token. A good character model's own is 1.5 to 2; the 5 that programs for
    /// words have would cut nothing.
    public let surprise: Float
    /// η, how fast the bound follows.
    public let learningRate: Float
    /// μ, the bound in bits: tokens of more surprise are ruled out, all but the likeliest. At first 2τ.
    public private(set) var bound: Float

    /// - Parameters:
    ///   - surprise: above 0.
    ///   - learningRate: above 0.
    public init(surprise: Float, learningRate: Float = 0.1) {
        do { try self.init(checking: surprise, learningRate: learningRate) } catch { preconditionFailure("\(error)") }
    }

    /// Of values that come from outside.
    ///
    /// - Throws: ``SamplingError``.
    public init(checking surprise: Float, learningRate: Float = 0.1) throws(SamplingError) {
        self.init(surprise: surprise, learningRate: learningRate, bound: 2 * surprise)
        try check()
    }

    private init(surprise: Float, learningRate: Float, bound: Float) {
        (self.surprise, self.learningRate, self.bound) = (surprise, learningRate, bound)
    }

    /// A token drawn, from which the bound is learned; nil when no token is left.
    public mutating func draw(from next: Distribution, using generator: inout some RandomNumberGenerator) -> Int? {
        let kept = next.surprising(atMost: bound)
        guard let token = kept.draw(using: &generator) else { return nil }
        let measured = Float(-kept.logProbability(of: token) / log(2))
        bound = min(bound - learningRate * (measured - surprise), log2(Float(next.logits.count)))
        return token
    }

    func check() throws(SamplingError) {
        try SamplingError.check("surprise", surprise, "above 0 bits") { $0 > 0 && $0.isFinite }
        try SamplingError.check("learningRate", learningRate, "above 0") { $0 > 0 && $0.isFinite }
    }
}

extension Distribution {
    /// Only the tokens of at most so many bits of surprise; one always stays.
    fileprivate consuming func surprising(atMost bits: Float) -> Distribution {
        guard let likeliest else { return self }
        let level = Double(logits[likeliest]) - logProbability(of: likeliest)
        // Rounding must not cut tokens that are all alike when the bound is their surprise.
        let least = level - (Double(bits) + 1e-6) * log(2)
        keep { token, logit in token == likeliest || Double(logit) >= least }
        return self
    }
}

// In files {"surprise": 1.5} is enough; "learningRate" and "bound", once it has learned one, are written as well.
extension Mirostat: Codable {
    private enum Key: String, CodingKey, CaseIterable { case surprise, learningRate, bound }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(refusingKeysOtherThan: Key.self)
        let surprise = try container.decode(Float.self, forKey: .surprise)
        self.init(
            surprise: surprise, learningRate: try container.decodeIfPresent(Float.self, forKey: .learningRate) ?? 0.1,
            bound: try container.decodeIfPresent(Float.self, forKey: .bound) ?? 2 * surprise)
        try decoder.accept { try check() }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(surprise, forKey: .surprise)
        try container.encode(learningRate, forKey: .learningRate)
        if bound != 2 * surprise { try container.encode(bound, forKey: .bound) }
    }
}
