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

    /// ln p of the characters of many texts, each as if it were alone. They are read side by side, which is several times as
    /// fast as one after the other.
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
        var reader: SequenceReader?
        var tokensRead = 0
        for group in Self.groups(texts.map(\.count)) {
            let longest = texts[group[0]].count
            if group.count == 1 {
                var reader = LongTextReader(parameters, from: start, scoring: true)
                try reader.read(texts[group[0]]) { try progress(tokensRead + $0) }
                // The last is of a token that is not there.
                results[group[0]] += reader.logProbabilities.dropLast()
                tokensRead += longest
                continue
            }
            if reader?.suits(texts: group.count, longest: longest) != true {
                reader = try SequenceReader(parameters, texts: group.count, longest: longest, start: start)
            }
            try reader!.read(group.map { texts[$0][...] }, for: .losses) { block, network in
                let values = try network.logProbabilities(steps: block.count)
                for (place, index) in group.enumerated() {
                    // After the last token of a text comes none.
                    for position in block.prefix(while: { $0 + 1 < texts[index].count }) {
                        results[index].append(values[(position - block.lowerBound) * group.count + place])
                    }
                    tokensRead += block.clamped(to: 0..<texts[index].count).count
                }
                try progress(tokensRead)
            }
        }
        return results
    }

    /// The numbers of texts that are read side by side, longest first: so many that the products are worth it, and none so
    /// short that most of its rows would be read in vain. Texts with nothing to predict are in no group.
    private static func groups(_ lengths: [Int]) -> [[Int]] {
        let order = lengths.indices.filter { lengths[$0] > 1 }.sorted { (lengths[$1], $0) < (lengths[$0], $1) }
        var groups: [[Int]] = []
        for index in order {
            if let first = groups.last?.first, groups.last!.count < 64, 4 * lengths[index] >= 3 * lengths[first] {
                groups[groups.count - 1].append(index)
            } else {
                groups.append([index])
            }
        }
        return groups
    }
}
