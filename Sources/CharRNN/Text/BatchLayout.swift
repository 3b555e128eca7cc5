import Glibc

/// Where the parts of a text lie: those to train on, to validate and to test.
public enum TextSplit: String, CaseIterable, Codable, Sendable {
    /// As in char-rnn: in the last batches of every stream, so that each part holds a share of every chapter.
    case streams
    /// As in nanoGPT: one after the other, so that the text is validated on its end.
    case text
}

/// The batches of each part.
typealias PartCounts = (training: Int, validation: Int, test: Int)

/// How a text is shared out: whole batches or characters, rounded down, what is left to the last part.
struct SplitFractions {
    let training: Double
    let validation: Double
    /// What is left of 1; exactly 0 when the two fractions are meant to sum to it.
    let test: Double
    let split: TextSplit

    /// - Throws: ``TextError/fractions(training:validation:)``.
    init(training: Double, validation: Double, split: TextSplit) throws {
        let rest = 1 - (training + validation)
        guard training > 0, training <= 1, validation >= 0, validation <= 1, rest > -1e-9 else {
            throw TextError.fractions(training: training, validation: validation)
        }
        self.training = training
        self.validation = validation
        self.split = split
        test = rest < 1e-9 ? 0 : rest
    }

    /// Of batches in streams, or of characters.
    func shares(of count: Int) -> PartCounts {
        // Guarded against products such as 0.95 · 20 = 18.999…, which would lose a batch.
        let train = Int(floor(Double(count) * training + 1e-9))
        if test == 0 { return (train, count - train, 0) }
        let validate = Int(floor(Double(count) * validation + 1e-9))
        return (train, validate, count - train - validate)
    }

    func counts(_ characters: Int, _ layout: BatchLayout) -> PartCounts {
        switch split {
        case .streams: return shares(of: layout.batchCount(characters))
        case .text:
            let shares = shares(of: characters)
            // The last character of a part is there to be predicted.
            func batches(_ characters: Int) -> Int { layout.batchCount(max(0, characters - 1)) }
            return (batches(shares.training), batches(shares.validation), batches(shares.test))
        }
    }

    /// The first part that was asked for and gets no batch.
    func emptyPart(_ counts: PartCounts) -> (name: String, fraction: Double)? {
        if counts.training == 0 { return ("training", training) }
        if validation > 0 && counts.validation == 0 { return ("validation", validation) }
        return test > 0 && counts.test == 0 ? ("test", test) : nil
    }
}

/// B and S, and what becomes of them when a text is too short.
struct BatchLayout: Equatable {
    var batchSize: Int
    var sequenceLength: Int

    func batchCount(_ characters: Int) -> Int {
        let (size, overflow) = batchSize.multipliedReportingOverflow(by: sequenceLength)
        return overflow ? 0 : characters / size
    }

    /// A text is short that has fewer batches.
    static let fewBatches = 50

    /// The sizes asked for or, where the text is short, the largest below them with which every part has a batch: first
    /// fewer streams, for the length of the sequences is what the model learns from, then shorter sequences. Nil when
    /// none will do.
    ///
    /// - Throws: ``TextError/emptyPart(part:fraction:batches:)`` when a part has no batch because of its fraction, which is
    ///   less than one batch of a text that is not short.
    static func fitting(
        _ characters: Int, batchSize: Int, sequenceLength: Int, fractions: SplitFractions
    ) throws -> BatchLayout? {
        func fits(_ layout: BatchLayout) -> Bool { fractions.emptyPart(fractions.counts(characters, layout)) == nil }
        let asked = BatchLayout(batchSize: batchSize, sequenceLength: sequenceLength)
        if fits(asked) { return asked }
        let batches = asked.batchCount(characters)
        if batches > 0, fractions.emptyPart(fractions.shares(of: fewBatches)) != nil,
            let part = fractions.emptyPart(fractions.counts(characters, asked))
        {
            throw TextError.emptyPart(part: part.name, fraction: part.fraction, batches: batches)
        }
        for streams in stride(from: min(batchSize, characters), through: 1, by: -1) {
            let layout = BatchLayout(batchSize: streams, sequenceLength: sequenceLength)
            if fits(layout) { return layout }
        }
        for steps in stride(from: min(sequenceLength, characters), through: 1, by: -1) {
            let layout = BatchLayout(batchSize: 1, sequenceLength: steps)
            if fits(layout) { return layout }
        }
        return nil
    }

    /// The shortest text that can be split so.
    static func fewestCharacters(_ fractions: SplitFractions) -> Int {
        let smallest = BatchLayout(batchSize: 1, sequenceLength: 1)
        return (1...10_000).first { fractions.emptyPart(fractions.counts($0, smallest)) == nil } ?? 10_000
    }

    /// Of a text that is short; nil where it is not.
    func notice(_ characters: Int, requested: BatchLayout) -> String? {
        guard self != requested else { return nil }
        let length =
            sequenceLength == requested.sequenceLength
            ? "" : " and the sequence length \(sequenceLength) instead of \(requested.sequenceLength)"
        return "the text is short (\(Count(characters)) characters), so the batch size is \(batchSize) instead of "
            + "\(requested.batchSize)" + length
    }

    /// Of the batches that a text makes.
    func notices(_ characters: Int, _ counts: PartCounts) -> [String] {
        var notices: [String] = []
        let batches = counts.training + counts.validation + counts.test
        let unused = characters - batches * batchSize * sequenceLength
        if unused > 0 { notices.append("\(Count(unused)) characters at the end fill no batch and are left out") }
        if batches < Self.fewBatches {
            notices.append(
                "there are only \(batches) batches, fewer than \(Self.fewBatches); a smaller batch size or sequence "
                    + "length, or more text, will train better")
        }
        return notices
    }
}
