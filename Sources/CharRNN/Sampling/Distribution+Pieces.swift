import Glibc

// The pieces of a sampling chain, each as its authors defined it. Where programs differ, the comment says how; this is
// what llama.cpp (of llama-cpp-python 0.3.36) and Hugging Face transformers 5.24 do. Equals are told apart by number
// here, so that every piece keeps the same tokens each time.
extension Distribution {
    /// The logits divided by `temperature`: below 1 bolder, above 1 more even. 0 leaves only the likeliest token.
    ///
    /// llama.cpp and this take 0 as greedy, transformers refuses it. llama.cpp has the temperature at the end of its
    /// chain, transformers almost at its beginning; here it stands where you write it.
    public consuming func temperature(_ temperature: Float) -> Distribution {
        precondition(temperature >= 0 && temperature.isFinite, "a temperature of \(temperature)")
        // The largest logit becomes 0, so that none overflows however small the temperature is.
        guard let likeliest else { return self }
        let maximum = logits[likeliest]
        if temperature == 0 {
            keep { token, _ in token == likeliest }
        } else {
            change { _, logit in (logit - maximum) / temperature }
        }
        return self
    }

    /// Only the tokens that satisfy a condition, which is asked of those that are not ruled out yet.
    ///
    /// ```swift
    /// session.next.filter { !session.vocabulary[$0].contains("\n") }
    /// ```
    ///
    /// The result ``isEmpty`` when none does.
    public consuming func filter(_ isIncluded: (Int) throws -> Bool) rethrows -> Distribution {
        try keep { token, _ in try isIncluded(token) }
        return self
    }

    /// Only the `count` likeliest tokens; of equals at the border the first (Fan et al. 2018,
    /// <https://arxiv.org/abs/1805.04833>).
    ///
    /// transformers keeps all equals of the last one, llama.cpp an arbitrary choice of them.
    public consuming func topK(_ count: Int) -> Distribution {
        precondition(count > 0, "the \(count) likeliest tokens")
        guard count < logits.count else { return self }
        keepFirst(by: { _, logit in -logit }, weighing: { _ in 1 }, reach: Float(count))
        return self
    }

    /// Only the likeliest tokens whose probabilities sum to at least `share`; of equals the first (nucleus sampling,
    /// Holtzman et al. 2020, <https://arxiv.org/abs/1904.09751>).
    ///
    /// transformers keeps the last of equals.
    public consuming func topP(_ share: Float) -> Distribution {
        precondition(share > 0 && share <= 1, "the tokens of \(share) of the probability")
        guard share < 1 else { return self }
        withUnsafeTemporaryAllocation(of: Double.self, capacity: logits.count) { probabilities in
            _ = softmax(into: probabilities)
            keepFirst(by: { _, logit in -logit }, weighing: { probabilities[$0] }, reach: share)
        }
        return self
    }

    /// Only the tokens at least `share` times as likely as the likeliest (Nguyen et al. 2024,
    /// <https://arxiv.org/abs/2407.01082>). 0 keeps all.
    ///
    /// A token exactly at the border stays, as in llama.cpp; in transformers rounding decides.
    public consuming func minP(_ share: Float) -> Distribution {
        precondition(share >= 0 && share <= 1, "the tokens of \(share) times the likeliest's probability")
        let least = maximum + log(share)
        keep { _, logit in logit >= least }
        return self
    }

    /// Only the tokens whose surprise, −ln p, is nearest to the mean surprise, until their probabilities sum to at least
    /// `share`; of equals the first (locally typical sampling, Meister et al. 2023, <https://arxiv.org/abs/2202.00666>).
    ///
    /// transformers keeps all equals of the last one. llama.cpp goes on until the sum is above `share`, and mistakes the
    /// mean surprise once a token is impossible; such tokens count for nothing here.
    public consuming func typical(_ share: Float) -> Distribution {
        precondition(share > 0 && share <= 1, "the typical tokens of \(share) of the probability")
        guard share < 1 else { return self }
        withUnsafeTemporaryAllocation(of: Double.self, capacity: logits.count) { probabilities in
            let level = softmax(into: probabilities)
            var entropy = 0.0
            for (token, logit) in logits.enumerated() where probabilities[token] > 0 {
                entropy += probabilities[token] * (level - Double(logit))
            }
            keepFirst(
                by: { _, logit in Float(abs(level - Double(logit) - entropy)) }, weighing: { probabilities[$0] },
                reach: share)
        }
        return self
    }

    /// Only the tokens whose logits are at most `count` standard deviations of all logits below the largest (top-nσ,
    /// Tang et al. 2024, <https://arxiv.org/abs/2411.07641>). A temperature before it changes nothing in what it keeps.
    ///
    /// The deviation is of the tokens that are left, and divided by their number, as in llama.cpp. transformers has none.
    public consuming func topNSigma(_ count: Float) -> Distribution {
        precondition(count > 0 && count.isFinite, "the tokens within \(count) standard deviations")
        let maximum = Double(maximum)
        var (number, sum, squares) = (0.0, 0.0, 0.0)
        for logit in logits where logit.isFinite {
            let distance = maximum - Double(logit)
            number += 1
            sum += distance
            squares += distance * distance
        }
        guard number > 0 else { return self }
        let mean = sum / number
        let widest = Double(count) * max(0, squares / number - mean * mean).squareRoot()
        keep { _, logit in maximum - Double(logit) <= widest }
        return self
    }
}

// MARK: - Memory and wishes

extension Distribution {
    /// Less likely the tokens that were read lately: positive logits are divided by `repetition` and others multiplied by
    /// it, once however often the token occurs (Keskar et al. 2019, <https://arxiv.org/abs/1909.05858>); then
    /// `frequency` for each occurrence and `presence` once are subtracted (as in OpenAI's interface).
    ///
    /// ```swift
    /// session.next.penalizing(session.recent.suffix(64), repetition: 1.1)
    /// ```
    ///
    /// llama.cpp computes the same, over the last 64 tokens; transformers has the repetition alone, over all. Over
    /// characters any such window holds the space and the "e": little is gained, so start close to 1.
    /// - Parameters:
    ///   - recent: the tokens, in any order; all of them count.
    ///   - repetition: above 0; 1 changes nothing, more avoids, less encourages.
    ///   - frequency: a difference of logits for each occurrence.
    ///   - presence: a difference of logits for each token that occurs.
    public consuming func penalizing(
        _ recent: some Sequence<Int>, repetition: Float = 1, frequency: Float = 0, presence: Float = 0
    ) -> Distribution {
        precondition(repetition > 0 && repetition.isFinite, "a repetition penalty of \(repetition)")
        precondition(
            frequency.isFinite && presence.isFinite, "penalties of \(frequency) for frequency, \(presence) for presence"
        )
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: logits.count) { counts in
            counts.initialize(repeating: 0)
            // A buffer costs no call for each token, which an unspecialised sequence does.
            if recent.withContiguousStorageIfAvailable({ Self.count($0, in: counts) }) == nil {
                Self.count(recent, in: counts)
            }
            change { token, logit in
                guard counts[token] > 0 else { return logit }
                let penalized = logit > 0 ? logit / repetition : logit * repetition
                return penalized - Float(counts[token]) * frequency - presence
            }
        }
        return self
    }

    private static func count(_ tokens: some Sequence<Int>, in counts: UnsafeMutableBufferPointer<Int32>) {
        let size = counts.count
        for token in tokens {
            precondition(token >= 0 && token < size, "token \(token) of \(size)")
            counts[token] &+= 1
        }
    }

    /// With something added to the logits of some tokens: ln 2 makes a token twice as likely compared with the
    /// others, −∞ rules it out. To force tokens, ``filter(_:)`` them.
    public consuming func biased(by biases: [Int: Float]) -> Distribution {
        for (token, bias) in biases {
            precondition(logits.indices.contains(token), "token \(token) of \(logits.count)")
            precondition(bias < .infinity, "a bias of \(bias) for token \(token)")
            logits[token] += bias
        }
        return self
    }
}
