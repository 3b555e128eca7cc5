import ArgumentParser
import CharRNN
import FoundationEssentials

/// A named set of options for `train`. What it chooses is printed, and could have been typed.
enum Recipe: String, CaseIterable, ExpressibleByArgument {
    case charRNN = "char-rnn"
    case quick, good, best

    /// How long it trains where neither a time nor a number of passes or iterations is typed.
    private var minutes: Double {
        switch self {
        case .charRNN, .quick: 1
        case .good: 10
        case .best: 240
        }
    }

    /// The arguments of a command line with those options of its recipe that are not typed.
    ///
    /// - Throws: what a command line is refused with, ``Failure``, `DeviceError`.
    static func expanded(_ arguments: [String]) throws -> [String] {
        let typed = Set(arguments.map { String($0.prefix { $0 != "=" }) })
        guard arguments.first == "train", typed.contains("--recipe"), typed.isDisjoint(with: ["-h", "--help"]),
            let train = try CharRNNCommand.parseAsRoot(arguments) as? Train, let recipe = train.recipe,
            recipe != .charRNN
        else { return arguments }
        let chosen = try recipe.options(for: train, typed).filter { !typed.contains($0.name) }
        Console.note("recipe \(recipe.rawValue): \(chosen.map { "\($0.name) \($0.value)" }.joined(separator: " "))")
        return ["train"] + chosen.flatMap { [$0.name, $0.value] } + arguments.dropFirst()
    }

    private typealias Option = (name: String, value: String)

    /// B: 64 where the text has fifty batches of them. A shorter one is learned better in more and smaller steps, and less of
    /// it is left out or validated on. A power of two, as processors like it.
    private static func streamCount(_ characters: Double) -> Int {
        1 << min(6, max(2, Int((characters / (50 * 64)).exponent)))
    }

    private func options(for train: Train, _ typed: Set<String>) throws -> [Option] {
        let characters = train.data.fractions.training * Double(train.text.byteCount ?? 1_000_000)
        let streamCount = Self.streamCount(characters)
        var options: [Option] = [
            ("--batch-size", "\(streamCount)"), ("--sequence-length", "64"), ("--warm-up", "50"),
            ("--reset-probability", "0.2"),
        ]
        let time = train.maxMinutes ?? minutes
        if typed.isDisjoint(with: ["--max-minutes", "--max-epochs", "--max-iterations"]) {
            options.append(("--max-minutes", "\(time)"))
        }
        // Two layers learn more than one of as many weights, in a minute as in an hour.
        let layerCount = typed.contains("--layers") ? train.model.layers : 2
        let size = try Size(
            characters: characters, streamCount: streamCount, seconds: 60 * time, cell: train.model.cell,
            layerCount: layerCount, on: train.device.devices()[0])
        if train.initFrom == nil {
            options += [
                ("--layers", "\(layerCount)"), ("--hidden-size", "\(size.hiddenSize)"),
                ("--embedding-size", "\(size.hiddenSize)"), ("--dropout", "\(size.dropout)"),
            ]
        }
        if typed.isDisjoint(with: ["--max-iterations"]) { options.append(("--max-epochs", "\(size.passes)")) }
        if typed.isDisjoint(with: ["--optimizer"]) {
            options += [
                ("--optimizer", "muon"), ("--learning-rate", "0.04"), ("--adam-rate", "0.02"),
                ("--weight-decay", "0.1"),
            ]
        }
        if typed.isDisjoint(with: ["--learning-rate-decay"]) { options.append(("--schedule", "tail")) }
        // The gradient is a sum over the sequence, so its norm grows with it.
        if typed.isDisjoint(with: ["--clip"]) { options.append(("--clip-norm", "64")) }
        return options + [("--print-every", "50"), ("--eval-every", "1000000"), ("--checkpoint-every", "5m")]
    }
}

/// How large a layer can be that learns from a text in a given time, and how much of it to drop.
private struct Size {
    let hiddenSize: Int
    let dropout: Double
    /// More than the time allows, if that is not more than enough.
    let passes: Int

    /// The time is best spent when some fifteen characters are read for each recurrent weight: with fewer the model is not
    /// yet taught, with more a larger one would be better. But a text that is short for its time is read by heart then, by a
    /// larger model sooner, and thirty passes or two thousand steps teach all that there is to learn.
    init(
        characters: Double, streamCount: Int, seconds: Double, cell: RecurrentCell, layerCount: Int, on device: Device
    ) throws {
        let work = try Self.rate(on: device) * seconds
        let weights = min((work / 15).squareRoot(), 2.4 * characters)
        // U of each layer, and W of those above the first.
        let matrices = layerCount * cell.recurrentMatrixCount + (layerCount - 1) * cell.inputGates.count
        let unit = Double(max(1, matrices))
        hiddenSize = min(2048, max(64, Int(((weights / unit).squareRoot() / 32).rounded()) * 32))
        let most = max(30, Double(2000 * 64 * streamCount) / max(1, characters))
        let read = min(most, work / weights / max(1, characters))
        // In a run of 4.5 passes what was dropped cost more than it gave; of 20 passes and more 0.3 was best.
        dropout = (20 * min(0.5, 0.015 * max(0, read - 10))).rounded() / 20
        passes = Int(min(most, 3 * read + 50).rounded(.up))
    }

    /// Recurrent weights times characters a second, of some steps of a layer of 256 units.
    private static func rate(on device: Device) throws -> Double {
        var generator = SplitMix64(seed: 1)
        let text = String(
            (0..<16384).map { _ in Character(Unicode.Scalar(UInt8.random(in: 33...96, using: &generator))) })
        let dataset = try TextDataset(
            text: text, batchSize: 64, sequenceLength: 64, trainingFraction: 1, validationFraction: 0)
        let model = try LanguageModel(
            .init(vocabulary: dataset.vocabulary, hiddenSize: 256, layerCount: 1, embeddingSize: 256), on: device,
            seed: 1)
        let trainer = try Trainer(model: model, dataset: dataset, options: .init(optimizer: .muon()))
        // The fastest: what else the machine does for a moment, such as waking its cores, says nothing of the minutes to come.
        let time = try sortedSeconds(for: 0.6, minimum: 1) { _ = try trainer.step().loss }[0]
        return 4 * 256 * 256 * Double(dataset.batchSize * dataset.sequenceLength) / time
    }
}
