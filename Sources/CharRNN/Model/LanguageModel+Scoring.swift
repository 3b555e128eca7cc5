extension LanguageModel {
    /// ln p of each character of `text` after the first, given all before it, from the zero state.
    ///
    /// - Throws: ``VocabularyError``, `DeviceError`.
    public func logProbabilities(of text: String) throws -> [Double] {
        let tokens = try vocabulary.encode(text)
        var session = try makeSession()
        return try zip(tokens, tokens.dropFirst()).map { token, following in
            try session.feed(token)
            return session.next.logProbability(of: following)
        }
    }
}
