import CharRNN
import FoundationEssentials

/// A kind of file that may come from a stranger.
package enum FuzzTarget: String, CaseIterable, Sendable {
    /// A checkpoint, and what uses it: a model, a session, a run that is resumed.
    case checkpoint
    /// A state dictionary of PyTorch.
    case pytorch
    /// A file of `torch.save`.
    case archive
    /// A Torch file of char-rnn or torch-rnn.
    case torch
    /// The tokens of a text.
    case cache

    /// Reads bytes as a program would and uses what they hold. That they are refused is an answer; whatever else goes
    /// wrong ends the process.
    ///
    /// - Returns: whether they were taken.
    package func read(_ data: Data) -> Bool {
        do {
            switch self {
            case .checkpoint: try use(Checkpoint(data, path: "input"))
            case .pytorch: try use(stateDictionary(data))
            case .archive: try readArchive(data)
            case .torch: try use(Checkpoint(torch: data, path: "input"))
            case .cache: return try readCache(data)
            }
            return true
        } catch let error as CheckpointError {
            precondition(!error.description.contains("\n"), "more than one line: \(error)")
            return false
        } catch { fatalError("an error of another kind: \(error)") }
    }

    private static let device = Device.processor(threadCount: 1)
    /// The text of the runs in the corpus.
    package static let text = try! TextDataset(
        text: "abababba", batchSize: 1, sequenceLength: 2, trainingFraction: 0.5, validationFraction: 0.5)

    /// Does what the commands do with a checkpoint: shows it, lets it write and goes on with its run.
    private func use(_ checkpoint: Checkpoint) throws {
        _ = checkpoint.options.map { "\($0.key): \($0.value)" }
        _ = "\(checkpoint.epoch) \(checkpoint.losses.suffix(100).reduce(0, +))"
        _ = checkpoint.validationLosses.map { "\($0.value)" }
        let vocabulary = checkpoint.configuration.vocabulary
        _ = (0..<min(vocabulary.count, 100)).map { vocabulary.quoted($0) }
        let model = try LanguageModel(checkpoint, on: Self.device)
        var session = try model.makeSession()
        var generator = SplitMix64(seed: 1)
        do {
            try session.feed(vocabulary.count - 1)
            _ = session.next.temperature(0.5).topK(2).topP(0.5).sample(using: &generator)
        } catch is BrokenModelError {}  // weights of NaN
        do {
            let trainer = try Trainer(resuming: checkpoint, dataset: Self.text, on: Self.device)
            _ = try trainer.step().loss
        } catch is CheckpointError {}  // another text's run, or none
    }

    /// With the cell that the file is of; where it must be named, a stranger's user would.
    private func stateDictionary(_ data: Data) throws -> Checkpoint {
        for cell in [RecurrentCell.gru, .rnn] {
            let named = try? Checkpoint(pyTorch: data, path: "input", vocabulary: Self.text.vocabulary, cell: cell)
            if let named { return named }
        }
        return try Checkpoint(pyTorch: data, path: "input", vocabulary: Self.text.vocabulary)
    }

    /// The lowest bits of the first byte name the cell. Below 128 the file itself follows, otherwise its pickle, which
    /// gets an archive with numbers, so that not only the list of entries is tried. What is made of a model the other
    /// targets try.
    private func readArchive(_ data: Data) throws {
        let first = data.first ?? 0
        let body = Data(data.dropFirst())
        let entries =
            [(name: "a/data.pkl", contents: body)] + (0..<7).map { (name: "a/data/\($0)", contents: Self.numbers) }
        _ = try Checkpoint(
            pyTorch: first < 0x80 ? body : zipArchive(entries), path: "input", vocabulary: Self.text.vocabulary,
            cell: [nil, .gru, .rnn, .lstm][Int(first & 3)])
    }

    private static let numbers = Data((0..<64).flatMap { [0, 0, UInt8($0), 0x3E] })

    /// The checksums of a cache are no secret, so a stranger's are right; here the first byte says whether they are.
    private func readCache(_ data: Data) throws -> Bool {
        guard let first = data.first else { return false }
        let kind = TokenKind.allCases[Int(first) % TokenKind.allCases.count]
        let body = data.dropFirst()
        let checked = first < 0x80 ? TokenCache.header(textHash: 1, bodyHash: contentHash(body)) + body : body
        guard let (vocabulary, tokens) = TokenCache.contents(of: checked, textHash: 1, kind: kind) else { return false }
        var numbers = [Int32](repeating: 0, count: tokens.count)
        try numbers.withUnsafeMutableBufferPointer { try tokens.read(0..<tokens.count, into: $0) }
        precondition(numbers.allSatisfy { $0 >= 0 && $0 < vocabulary.count }, "a token that the vocabulary lacks")
        return true
    }
}
