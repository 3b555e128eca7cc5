/// How to draw the next character, as a value that a command line, a server and a file share.
///
/// ```swift
/// let sampling = Sampling(temperature: 0.9, minP: 0.05, seed: 7)
/// for piece in session.text(limit: 400, by: sampling) { print(piece, terminator: "") }
/// ```
///
/// The pieces follow one another in this order, whatever the order in which they are set: penalties, temperature,
/// top-n-sigma, top-k, top-p, min-p, typical, Mirostat. What is not set changes nothing; a new value draws from the model
/// as it is. (transformers has the same order, without top-n-sigma; llama.cpp has the temperature last.) For another
/// order call the pieces of ``Distribution`` yourself.
///
/// In files it is an object with the names of the properties; those that are left out are not set, and others are
/// refused.
public struct Sampling: Hashable, Sendable {
    /// See ``Distribution/penalizing(_:repetition:frequency:presence:)``. 1 is off.
    public var repetitionPenalty: Float
    /// A difference of logits for each time that a token has occurred. 0 is off.
    public var frequencyPenalty: Float
    /// A difference of logits for a token that has occurred. 0 is off.
    public var presencePenalty: Float
    /// How many of the tokens that were read last the penalties look at, at most ``Session/recentCount``.
    public var penaltyWindow: Int
    /// See ``Distribution/temperature(_:)``. 0 is greedy.
    public var temperature: Float
    /// See ``Distribution/topNSigma(_:)``.
    public var topNSigma: Float?
    /// See ``Distribution/topK(_:)``.
    public var topK: Int?
    /// See ``Distribution/topP(_:)``.
    public var topP: Float?
    /// See ``Distribution/minP(_:)``.
    public var minP: Float?
    /// See ``Distribution/typical(_:)``.
    public var typical: Float?
    /// Draws in the end, from what the others have left.
    public var mirostat: Mirostat?
    /// The same seed draws the same text; nil draws another one each time.
    public var seed: UInt64?

    /// What is not given changes nothing: with the defaults the model's own distribution is drawn from.
    public init(
        repetitionPenalty: Float = 1, frequencyPenalty: Float = 0, presencePenalty: Float = 0, penaltyWindow: Int = 64,
        temperature: Float = 1, topNSigma: Float? = nil, topK: Int? = nil, topP: Float? = nil, minP: Float? = nil,
        typical: Float? = nil, mirostat: Mirostat? = nil, seed: UInt64? = nil
    ) {
        self.repetitionPenalty = repetitionPenalty
        self.frequencyPenalty = frequencyPenalty
        self.presencePenalty = presencePenalty
        self.penaltyWindow = penaltyWindow
        self.temperature = temperature
        self.topNSigma = topNSigma
        self.topK = topK
        self.topP = topP
        self.minP = minP
        self.typical = typical
        self.mirostat = mirostat
        self.seed = seed
    }

    /// Whether all values are in their ranges, for those that come from outside. A file is checked when it is decoded.
    ///
    /// - Throws: ``SamplingError`` for the first that is not.
    public func check() throws(SamplingError) {
        try SamplingError.check("repetitionPenalty", repetitionPenalty, "above 0") { $0 > 0 && $0.isFinite }
        try SamplingError.check("frequencyPenalty", frequencyPenalty, "a number") { $0.isFinite }
        try SamplingError.check("presencePenalty", presencePenalty, "a number") { $0.isFinite }
        try SamplingError.check("penaltyWindow", penaltyWindow, "1 to \(Session.recentCount)") {
            (1...Session.recentCount).contains($0)
        }
        try SamplingError.check("temperature", temperature, "0 or above") { $0 >= 0 && $0.isFinite }
        try SamplingError.check("topNSigma", topNSigma, "above 0") { $0 > 0 && $0.isFinite }
        try SamplingError.check("topK", topK, "1 or more") { $0 > 0 }
        try SamplingError.check("topP", topP, "above 0 and at most 1") { $0 > 0 && $0 <= 1 }
        try SamplingError.check("minP", minP, "0 to 1") { $0 >= 0 && $0 <= 1 }
        try SamplingError.check("typical", typical, "above 0 and at most 1") { $0 > 0 && $0 <= 1 }
        try mirostat?.check()
    }

    /// What draws the numbers of one text.
    var generator: SplitMix64 { SplitMix64(seed: seed ?? .random(in: 0 ... .max)) }
}

extension Distribution {
    /// All pieces of a sampling but Mirostat, which draws. A value out of its range is a programmer error; see
    /// ``Sampling/check()``.
    ///
    /// - Parameters:
    ///   - sampling: the pieces and their numbers.
    ///   - recent: the tokens that were read last, for the penalties.
    public consuming func applying(_ sampling: Sampling, _ recent: some BidirectionalCollection<Int>) -> Distribution {
        var next = self
        if (sampling.repetitionPenalty, sampling.frequencyPenalty, sampling.presencePenalty) != (1, 0, 0) {
            next = next.penalizing(
                recent.suffix(sampling.penaltyWindow), repetition: sampling.repetitionPenalty,
                frequency: sampling.frequencyPenalty, presence: sampling.presencePenalty)
        }
        next = next.temperature(sampling.temperature)
        if let count = sampling.topNSigma { next = next.topNSigma(count) }
        if let count = sampling.topK { next = next.topK(count) }
        if let share = sampling.topP { next = next.topP(share) }
        if let share = sampling.minP { next = next.minP(share) }
        if let share = sampling.typical { next = next.typical(share) }
        return next
    }
}

extension Sampling: Codable {
    private enum Key: String, CodingKey, CaseIterable {
        case repetitionPenalty, frequencyPenalty, presencePenalty, penaltyWindow, temperature, topNSigma, topK, topP,
            minP
        case typical, mirostat, seed
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(refusingKeysOtherThan: Key.self)
        func value<Value: Decodable>(_ key: Key) throws -> Value? {
            try container.decodeIfPresent(Value.self, forKey: key)
        }
        self.init()
        repetitionPenalty = try value(.repetitionPenalty) ?? repetitionPenalty
        frequencyPenalty = try value(.frequencyPenalty) ?? frequencyPenalty
        presencePenalty = try value(.presencePenalty) ?? presencePenalty
        penaltyWindow = try value(.penaltyWindow) ?? penaltyWindow
        temperature = try value(.temperature) ?? temperature
        topNSigma = try value(.topNSigma)
        topK = try value(.topK)
        topP = try value(.topP)
        minP = try value(.minP)
        typical = try value(.typical)
        mirostat = try value(.mirostat)
        seed = try value(.seed)
        try decoder.accept { try check() }
    }
}
