extension LanguageModel {
    /// ln p of each character of `text` after the first, given all before it, from the zero state.
    ///
    /// - Parameters:
    ///   - text: what is scored.
    ///   - session: what was read before the text, so that its first character has a number as well. It stays as it
    ///     is.
    /// - Throws: ``VocabularyError``, ``BrokenModelError``, ``ChangedModelError``, `CancellationError`, `DeviceError`.
    public func logProbabilities(of text: String, after session: Session? = nil) throws -> [Double] {
        try logProbabilities(of: try vocabulary.encode(text), after: session)
    }

    /// ln p of each token after the first, given all before it, from the zero state. A token that the vocabulary has not is a
    /// programmer error.
    ///
    /// - Parameters:
    ///   - tokens: what is scored.
    ///   - session: what was read before the tokens, so that the first has a number as well. It stays as it is.
    /// - Throws: ``BrokenModelError``, ``ChangedModelError``, `CancellationError`, `DeviceError`.
    public func logProbabilities(of tokens: some Collection<Int>, after session: Session? = nil) throws -> [Double] {
        try logProbabilities(of: [Array(tokens)], after: session)[0]
    }

    /// ln p of the characters of many texts, each as if it were alone. They are read side by side, and from 16 texts on the
    /// beginnings that they have in common once, which is several times as fast as one after the other.
    ///
    /// ```swift
    /// let scores = try model.logProbabilities(of: ["the king", "q"])  // 7 numbers and none
    /// ```
    ///
    /// - Parameters:
    ///   - texts: what is scored.
    ///   - session: what each text follows, so that its first character has a number as well. It stays as it is.
    ///   - progress: is told how many tokens have been read so far; what it throws ends the reading.
    /// - Throws: ``VocabularyError``, ``BrokenModelError``, ``ChangedModelError``, `CancellationError` when the task is
    ///   cancelled, `DeviceError`.
    public func logProbabilities(
        of texts: [String], after session: Session? = nil, progress: (_ tokens: Int) throws -> Void = { _ in }
    ) throws -> [[Double]] {
        try logProbabilities(of: try texts.map { try vocabulary.encode($0) }, after: session, progress: progress)
    }

    /// The same of texts that are tokens already. One that the vocabulary has not is a programmer error.
    ///
    /// - Throws: ``BrokenModelError``, ``ChangedModelError``, `CancellationError` when the task is cancelled, `DeviceError`.
    public func logProbabilities(
        of texts: [[Int]], after session: Session? = nil, progress: (_ tokens: Int) throws -> Void = { _ in }
    ) throws -> [[Double]] {
        for text in texts { for token in text { vocabulary.check(token) } }
        let start = try start(after: session)
        let begun = session.flatMap { $0.hasRead ? $0.next : nil }
        var results = texts.map { text in
            text.first.flatMap { first in begun.map { [$0.logProbability(of: first)] } } ?? []
        }
        var tokensRead = 0
        for group in Self.groups(texts.map(\.count)) {
            let texts = group.map { texts[$0] }
            let scores = try scores(of: texts, from: start) { try progress(tokensRead + $0) }
            for (index, scores) in zip(group, scores) { results[index] += scores }
            tokensRead += texts.reduce(0) { $0 + $1.count }
        }
        return results
    }

    /// ln p of each token after the first of the texts of a group.
    private func scores(
        of texts: [[Int]], from start: State, progress: (_ tokens: Int) throws -> Void
    ) throws -> [[Double]] {
        if texts.count >= PrefixTreeReader.fewestTexts {
            let reader = try PrefixTreeReader(parameters, texts: texts.count, start: start)
            return try reader.logProbabilities(of: texts, progress: progress)
        }
        if texts.count == 1 {
            var reader = LongTextReader(parameters, from: start, scoring: true)
            try reader.read(texts[0], progress: progress)
            // The last is of a token that is not there.
            return [reader.logProbabilities.dropLast()]
        }
        var scores = [[Double]](repeating: [], count: texts.count)
        let reader = try SequenceReader(parameters, texts: texts.count, longest: texts[0].count, start: start)
        var tokensRead = 0
        try reader.read(texts.map { $0[...] }, for: .losses) { block, network in
            let values = try network.logProbabilities(steps: block.count)
            for (index, text) in texts.enumerated() {
                // After the last token of a text comes none.
                for position in block.prefix(while: { $0 + 1 < text.count }) {
                    scores[index].append(values[(position - block.lowerBound) * texts.count + index])
                }
                tokensRead += block.clamped(to: text.indices).count
            }
            try progress(tokensRead)
        }
        return scores
    }

    /// The numbers of texts that are read side by side, longest first: many, if there are many of about the same length, and
    /// of others so few that none is so short that most of its rows would be read in vain. Texts with nothing to predict are
    /// in no group.
    private static func groups(_ lengths: [Int]) -> [[Int]] {
        let order = lengths.indices.filter { lengths[$0] > 1 }.sorted { (lengths[$1], $0) < (lengths[$0], $1) }
        // Those before are so much longer that, while they are read, few would be read beside them.
        let few = zip(order, order.dropFirst(PrefixTreeReader.fewestTexts - 1))
            .prefix { lengths[$0] > 2 * lengths[$1] }.count
        let isMany = few + PrefixTreeReader.fewestTexts <= order.count
        var groups: [[Int]] = []
        for index in isMany ? order.prefix(few) : order[...] {
            if let first = groups.last?.first, 4 * lengths[index] >= 3 * lengths[first] {
                groups[groups.count - 1].append(index)
            } else {
                groups.append([index])
            }
        }
        return isMany ? groups + [Array(order.dropFirst(few))] : groups
    }
}
