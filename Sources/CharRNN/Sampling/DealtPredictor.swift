import OpenCLCompute

/// Texts dealt out to the threads of the CPU device, each of which takes its own through the whole network.
///
/// An operation of many texts takes some 10 µs, and as much again goes by until the last thread is done with it. So they wait
/// for each other once a step.
final class DealtPredictor: Predictor {
    /// One a thread.
    private let shares: [NetworkPredictor]
    private let vocabularySize: Int
    private let backend: any Backend

    init(_ shares: [NetworkPredictor], _ vocabularySize: Int, _ backend: any Backend) {
        self.shares = shares
        self.vocabularySize = vocabularySize
        self.backend = backend
    }

    private var deal: Deal { Deal(shares: shares.count) }

    var tokens: TokenTable { shares[0].tokens }

    func read(_ tokens: [Int32]) throws -> [Float] {
        let parts = shares.indices.map { deal.texts(of: $0, among: tokens.count) }.filter { !$0.isEmpty }
        var answers = [Result<[Float], any Error>?](repeating: nil, count: parts.count)
        answers.withUnsafeMutableBufferPointer { answers in
            nonisolated(unsafe) let answers = answers
            backend.onHost(parts.count, grain: 1) { range in
                for share in range {
                    answers[share] = Result { try shares[share].read(parts[share].map { tokens[$0] }) }
                }
            }
        }
        let v = vocabularySize
        return try [Float](unsafeUninitializedCapacity: tokens.count * v) { logits, count in
            for (texts, answer) in zip(parts, answers) {
                let answer = try answer!.get()
                for (row, text) in texts.enumerated() {
                    _ = logits[text * v..<(text + 1) * v].initialize(fromContentsOf: answer[row * v..<(row + 1) * v])
                }
            }
            count = tokens.count * v
        }
    }

    func state(of text: Int) throws -> LanguageModel.State {
        try shares[deal.share(of: text)].state(of: deal.place(of: text))
    }

    func setState(_ state: LanguageModel.State, of text: Int) throws {
        try shares[deal.share(of: text)].setState(state, of: deal.place(of: text))
    }

    func copy(_ text: Int, to other: Int) throws { try setState(state(of: text), of: other) }

    func exchange(_ text: Int, _ other: Int) throws {
        let state = try state(of: text)
        try copy(other, to: text)
        try setState(state, of: other)
    }
}

/// Which of several threads has which text: four in turn, so that the first texts, however many, are spread evenly, but no
/// thinner than that. Reading the weights takes as long as multiplying four rows by them.
struct Deal {
    static let hand = 4
    let shares: Int

    init(shares: Int) { self.shares = shares }

    /// Of so many texts that a model reads with a device's threads.
    init(_ count: Int, _ layout: ParameterLayout, threads: Int) {
        // An operation for four rows that takes longer is shared out well itself. So each thread has to have many of them,
        // or it would have none where some texts are not there.
        let isLong = Self.hand * layout.cell.gateCount * layout.hiddenSize * layout.hiddenSize > 1 << 20
        let shares = count / (isLong ? 4 * Self.hand : Self.hand)
        self.shares = isLong && shares < threads ? 1 : max(1, min(threads, shares))
    }

    func share(of text: Int) -> Int { text / Self.hand % shares }

    /// Its number among those of its share.
    func place(of text: Int) -> Int { text / Self.hand / shares * Self.hand + text % Self.hand }

    /// Those of the first texts that a share has.
    func texts(of share: Int, among count: Int) -> [Int] {
        stride(from: share * Self.hand, to: count, by: shares * Self.hand).flatMap { $0..<min($0 + Self.hand, count) }
    }
}
