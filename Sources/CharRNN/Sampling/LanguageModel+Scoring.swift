extension LanguageModel {
    /// ln p of each character of `text` after the first, given all before it, from the zero state.
    ///
    /// - Throws: ``VocabularyError``, ``BrokenModelError``, `DeviceError`.
    public func logProbabilities(of text: String) throws -> [Double] {
        try logProbabilities(of: try vocabulary.encode(text))
    }

    /// ln p of each token after the first, given all before it, from the zero state. A token that the vocabulary has not is a
    /// programmer error.
    ///
    /// - Parameter progress: called after each token with what is done of all, from 0 to 1.
    /// - Throws: ``BrokenModelError``, `DeviceError`.
    public func logProbabilities(
        of tokens: some Collection<Int>, progress: (Double) -> Void = { _ in }
    ) throws -> [Double] {
        for token in tokens { vocabulary.check(token) }
        var session = try makeSession()
        let count = Double(tokens.count - 1)
        var done = 0.0
        return try zip(tokens, tokens.dropFirst()).map { token, following in
            try session.feed(token)
            done += 1
            progress(done / count)
            return session.next.logProbability(of: following)
        }
    }
}
