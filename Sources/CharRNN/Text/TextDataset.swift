import CharRNNFiles
import FoundationEssentials

/// A text cut into batches as char-rnn cuts it.
///
/// The text, shortened to a multiple of B·S, is laid out as B rows of consecutive characters, and the rows are cut
/// into columns of S: row b of batch k+1 continues row b of batch k. The first batches are for training, those after
/// them for validation, the rest for testing, so that each split holds a share of every row. With ``TextSplit/text`` the
/// text is cut into the three first, as nanoGPT does it, and each of them laid out in rows.
public struct TextDataset: Sendable {
    /// Some of the batches.
    public enum Split: String, Sendable {
        case training, validation, test
    }

    /// The tokens of the text.
    public private(set) var vocabulary: Vocabulary
    /// B, the number of streams. Smaller than asked for when the text is short; see ``notices``.
    public let batchSize: Int
    /// S, the number of steps of a batch. Smaller than asked for when the text is short.
    public let sequenceLength: Int
    /// All characters of the text, those at its end included that fill no batch.
    public let characterCount: Int
    /// What a user should know: shrunken sizes, rare characters, characters left out, too few batches. One sentence each.
    public var notices: [String] { textNotices + batchNotices }
    private(set) var textNotices: [String]
    private let batchNotices: [String]
    /// A checksum of the text, by which a resumed run knows it again.
    let fingerprint: UInt64

    private var tokens: TokenSequence
    /// How the text is cut into parts.
    public let split: TextSplit
    private let counts: PartCounts
    let fractions: SplitFractions
    /// Where the text of each part begins that is laid out in rows of its own, and its batches.
    private let rows: [(start: Int, batches: Range<Int>)]

    /// Reads a text file, or the `input.txt` of a folder, or where there is none all `*.txt` in it and in its folders, one
    /// after the other in the order of their paths.
    ///
    /// The preprocessed text is kept in a cache file beside it, which is safe to delete.
    /// - Parameters:
    ///   - url: the file or the folder.
    ///   - kind: what counts as a character.
    ///   - batchSize: B, the number of streams.
    ///   - sequenceLength: S, the number of steps of a batch.
    ///   - trainingFraction: the share of the batches to train on.
    ///   - validationFraction: the share to validate on; when the two sum to 1 it takes all that is left.
    ///   - split: where these parts lie.
    ///   - progress: called after each megabyte with what has been read of all that is to be read, from 0 to 1.
    /// - Throws: ``TextError``, `CancellationError` when the task is cancelled.
    public init(
        contentsOf url: URL, tokens kind: TokenKind = .scalars, batchSize: Int = 50, sequenceLength: Int = 50,
        trainingFraction: Double = 0.95, validationFraction: Double = 0.05, split: TextSplit = .streams,
        progress: @escaping (Double) -> Void = { _ in }
    ) throws {
        try self.init(
            contentsOf: [url], tokens: kind, batchSize: batchSize, sequenceLength: sequenceLength,
            trainingFraction: trainingFraction, validationFraction: validationFraction, split: split,
            progress: progress)
    }

    /// Reads several files and folders as one text, one after the other as they are given; otherwise as the one above. The
    /// cache lies beside the first.
    ///
    /// - Throws: ``TextError``, `CancellationError` when the task is cancelled.
    public init(
        contentsOf urls: [URL], tokens kind: TokenKind = .scalars, batchSize: Int = 50, sequenceLength: Int = 50,
        trainingFraction: Double = 0.95, validationFraction: Double = 0.05, split: TextSplit = .streams,
        progress: @escaping (Double) -> Void = { _ in }
    ) throws {
        let text = try TextFile(urls)
        try self.init(
            TokenizedText(text, kind: kind, progress: progress), name: text.name, notice: text.notice,
            batchSize: batchSize, sequenceLength: sequenceLength, trainingFraction: trainingFraction,
            validationFraction: validationFraction, split: split)
    }

    /// The bytes that the text of files and folders has, before it is read.
    ///
    /// - Throws: ``TextError/unreadable(file:reason:)``.
    public static func byteCount(of urls: [URL]) throws -> Int { try TextFile(urls).byteCount }

    /// Takes a text from memory.
    ///
    /// - Throws: ``TextError``.
    public init(
        text: String, tokens kind: TokenKind = .scalars, batchSize: Int = 50, sequenceLength: Int = 50,
        trainingFraction: Double = 0.95, validationFraction: Double = 0.05, split: TextSplit = .streams
    ) throws {
        try self.init(
            bytes: Data(text.utf8), tokens: kind, batchSize: batchSize, sequenceLength: sequenceLength,
            trainingFraction: trainingFraction, validationFraction: validationFraction, split: split)
    }

    /// Takes from memory what a file would hold; otherwise as one from a file.
    ///
    /// - Throws: ``TextError``, `CancellationError` when the task is cancelled.
    public init(
        bytes: Data, tokens kind: TokenKind = .bytes, batchSize: Int = 50, sequenceLength: Int = 50,
        trainingFraction: Double = 0.95, validationFraction: Double = 0.05, split: TextSplit = .streams,
        progress: @escaping (Double) -> Void = { _ in }
    ) throws {
        let name = "the text"
        try self.init(
            TokenizedText(bytes, kind: kind, name: name, progress: progress), name: name, batchSize: batchSize,
            sequenceLength: sequenceLength, trainingFraction: trainingFraction,
            validationFraction: validationFraction, split: split)
    }

    private init(
        _ text: TokenizedText, name: String, notice: String? = nil, batchSize: Int, sequenceLength: Int,
        trainingFraction: Double, validationFraction: Double, split: TextSplit
    ) throws {
        precondition(
            batchSize > 0 && sequenceLength > 0, "batches of \(batchSize) streams and \(sequenceLength) steps")
        let fractions = try SplitFractions(
            training: trainingFraction, validation: validationFraction, split: split)
        guard
            let layout = try BatchLayout.fitting(
                text.tokens.count, batchSize: batchSize, sequenceLength: sequenceLength, fractions: fractions)
        else {
            throw TextError.tooShort(
                name: name, characters: text.tokens.count, needed: BatchLayout.fewestCharacters(fractions))
        }
        vocabulary = text.vocabulary
        tokens = text.tokens
        fingerprint = text.fingerprint
        self.batchSize = layout.batchSize
        self.sequenceLength = layout.sequenceLength
        characterCount = text.tokens.count
        self.split = split
        self.fractions = fractions
        let counts = fractions.counts(characterCount, layout)
        self.counts = counts
        let (firstTest, end) = (counts.training + counts.validation, counts.training + counts.validation + counts.test)
        switch split {
        case .streams: rows = [(0, 0..<end)]
        case .text:
            let characters = fractions.shares(of: characterCount)
            rows = [
                (0, 0..<counts.training), (characters.training, counts.training..<firstTest),
                (characters.training + characters.validation, firstTest..<end),
            ]
        }
        let requested = BatchLayout(batchSize: batchSize, sequenceLength: sequenceLength)
        textNotices = [notice, vocabulary.notice, layout.notice(characterCount, requested: requested)].compactMap(
            \.self)
        batchNotices = layout.notices(characterCount, counts)
    }

    /// The same text with the numbers of a vocabulary that may have more tokens than occur in it.
    ///
    /// - Throws: ``VocabularyError/mismatch(_:)`` when it is of another kind, or lacks a token of the text and has no
    ///   ``Vocabulary/unknownToken``.
    public func numbered(by vocabulary: Vocabulary) throws -> TextDataset {
        if vocabulary == self.vocabulary { return self }
        if let lack = vocabulary.lack(toRead: self.vocabulary) {
            throw VocabularyError.mismatch("the text does not suit the model's vocabulary: \(lack)")
        }
        var dataset = self
        dataset.vocabulary = vocabulary
        dataset.tokens = tokens.renumbered(self.vocabulary.numbers(in: vocabulary))
        return dataset
    }

    /// The same text with one token, ``Vocabulary/unknownToken``, for all characters that occur fewer than
    /// `minimumFrequency` times in it. A model of its vocabulary reads any text. ``notices`` names the characters.
    ///
    /// Of ``TokenKind/bytes``, of which there are never many, it is a programmer's error.
    /// - Throws: ``TextError/allRare(minimumFrequency:highest:)``, `CancellationError` when the task is cancelled.
    public func withUnknownToken(minimumFrequency: Int) throws -> TextDataset {
        precondition(vocabulary.kind != .bytes, "a token for unknown characters among bytes")
        let counts = try tokens.counts(vocabularySize: vocabulary.count)
        let rare = counts.indices.filter { counts[$0] < minimumFrequency }
        guard rare.count < counts.count else {
            throw TextError.allRare(minimumFrequency: minimumFrequency, highest: counts.max() ?? 0)
        }
        var dataset = try numbered(by: vocabulary.keeping { counts[$0] >= minimumFrequency })
        let fewer = "fewer than \(minimumFrequency) times"
        let notice =
            switch rare.count {
            case 0: "no character occurs \(fewer); what the model will not know is one token, U+FFFD"
            case 1: "1 character that occurs \(fewer) is the token of unknown ones, U+FFFD: \(vocabulary.list(rare))"
            default:
                "\(Count(rare.count)) characters that occur \(fewer) are one token, U+FFFD: \(vocabulary.list(rare))"
            }
        dataset.textNotices.append(notice)
        return dataset
    }

    /// The batches of a split, as arguments of ``batch(_:)``.
    public func batches(in split: Split) -> Range<Int> {
        let firstTest = counts.training + counts.validation
        return switch split {
        case .training: 0..<counts.training
        case .validation: counts.training..<firstTest
        case .test: firstTest..<firstTest + counts.test
        }
    }

    /// The text cut into documents, of all parts.
    ///
    /// - Throws: ``VocabularyError``.
    func documents(separator: String) throws -> SeparatedDocuments {
        try SeparatedDocuments(tokens, separator: separator, vocabulary: vocabulary)
    }

    /// Batch `index`. With ``TextSplit/streams`` the character after the last one used is the first of the text, as in
    /// char-rnn.
    ///
    /// - Throws: ``TextError/unreadable(file:reason:)``, where the file with the tokens has changed.
    public func batch(_ index: Int) throws -> Batch {
        guard let split = [Split.training, .validation, .test].first(where: { batches(in: $0).contains(index) }) else {
            preconditionFailure("batch \(index) of \(counts.training + counts.validation + counts.test)")
        }
        return try part(split)!.batch(index - batches(in: split).lowerBound, epoch: 0)
    }

    /// The batches of a split as a source for ``TrainingData``; nil when there are none.
    public func part(_ split: Split) -> StreamBatches? {
        let batches = batches(in: split)
        guard !batches.isEmpty, let row = rows.first(where: { $0.batches.contains(batches.lowerBound) }) else {
            return nil
        }
        let first = batches.lowerBound - row.batches.lowerBound
        return StreamBatches(
            tokens, vocabulary: vocabulary, fingerprint: fingerprint,
            layout: BatchLayout(batchSize: batchSize, sequenceLength: sequenceLength), start: row.start,
            columns: first..<first + batches.count, of: row.batches.count, wraps: self.split == .streams)
    }
}
