extension Batcher {
    /// A text that continues `beginning`.
    ///
    /// ```swift
    /// let text = batcher.text(after: "ROMEO:", limit: 200, stoppingAt: ["\n\n"], seed: 7) { next, recent in
    ///     next.penalizing(recent.suffix(64), repetition: 1.1).minP(0.02).temperature(0.9)
    /// }
    /// ```
    ///
    /// The closures are called between two steps, by several threads, and all texts wait for them.
    ///
    /// - Parameters:
    ///   - beginning: is read first, and not written. A character that the model does not know makes the text throw a
    ///     ``VocabularyError``.
    ///   - limit: how many characters to write at most; `.max` for a text without end.
    ///   - stops: strings before which the text ends, none of them empty; of several the one that is complete first.
    ///   - isAllowed: what may be written: told the text so far with one more token (strings to stop at included), it
    ///     says whether that may become a right text.
    ///   - mirostat: draws from what is chosen, when there is one.
    ///   - seed: the same one draws the same text; nil draws another each time.
    ///   - choose: what of the expected tokens each is drawn from, given also those that were read last; without it the
    ///     model as it is.
    public nonisolated func text(
        after beginning: String, limit: Int, stoppingAt stops: [String] = [],
        allowing isAllowed: (@Sendable (String) -> Bool)? = nil, mirostat: Mirostat? = nil, seed: UInt64? = nil,
        _ choose: @escaping @Sendable (_ next: Distribution, _ recent: ArraySlice<Int>) -> Distribution = { next, _ in
            next
        }
    ) -> BatchedText {
        BatchedText(
            self,
            BatchedRequest(
                beginning: beginning, limit: limit, stops: stops, isAllowed: isAllowed, mirostat: mirostat,
                generator: SplitMix64(seed: seed ?? .random(in: 0 ... .max)), choose: choose))
    }

    /// A text that continues `beginning`.
    ///
    /// - Parameters:
    ///   - beginning: what is read first.
    ///   - limit: how many characters at most.
    ///   - stops: strings before which the text ends.
    ///   - isAllowed: whether a text may begin so; nil for any.
    ///   - seed: of the draws; nil for another one each time.
    ///   - choose: what of the expected tokens each is drawn from, such as `{ $0.temperature(0.8).topK(20) }`.
    public nonisolated func text(
        after beginning: String, limit: Int, stoppingAt stops: [String] = [],
        allowing isAllowed: (@Sendable (String) -> Bool)? = nil, seed: UInt64? = nil,
        _ choose: @escaping @Sendable (Distribution) -> Distribution
    ) -> BatchedText {
        text(after: beginning, limit: limit, stoppingAt: stops, allowing: isAllowed, seed: seed) { next, _ in
            choose(next)
        }
    }

    /// A text that continues `beginning`. A value of `sampling` out of its range is a programmer error; see
    /// ``Sampling/check()``.
    public nonisolated func text(
        after beginning: String, limit: Int, stoppingAt stops: [String] = [],
        allowing isAllowed: (@Sendable (String) -> Bool)? = nil, by sampling: Sampling
    ) -> BatchedText {
        // Here, where it shows who asks, and not on the thread that writes for all.
        do { try sampling.check() } catch { preconditionFailure("\(error)") }
        return text(
            after: beginning, limit: limit, stoppingAt: stops, allowing: isAllowed, mirostat: sampling.mirostat,
            seed: sampling.seed
        ) { $0.applying(sampling, $1) }
    }
}
