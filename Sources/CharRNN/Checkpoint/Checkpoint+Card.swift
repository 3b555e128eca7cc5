import CharRNNFiles
import FoundationEssentials

extension Checkpoint {
    /// Writes ``card(title:sampling:)`` as a file.
    ///
    /// - Throws: `FileError`.
    public func writeCard(to file: URL, title: String, sampling: String) throws {
        try AtomicFile.write(Data(card(title: title, sampling: sampling).utf8), to: file)
    }

    /// A model card in Markdown, with the header that Hugging Face reads: what the model is, how it was trained, how good
    /// it is and how to let it write. What no file tells, such as the licence, it asks for. Nothing in it is a path of the
    /// machine that trained the model.
    ///
    /// - Parameters:
    ///   - title: the model's name.
    ///   - sampling: a command or a program that lets it write.
    public func card(title: String, sampling: String) -> String {
        let vocabulary = configuration.vocabulary
        let shown = (0..<min(vocabulary.count, 100)).map { vocabulary.quoted($0) }.joined(separator: " ")
        let more = vocabulary.count > 100 ? " and \(vocabulary.count - 100) more" : ""
        let cell = configuration.cell
        return onLines(
            [
                "---", "license: unknown", "library_name: char-rnn", "pipeline_tag: text-generation",
                "tags:", "- char-rnn", "- \(cell)", "---", "", "# \(onOneLine(title))", "",
                "A recurrent language model that reads and writes text character by character.", "",
                "| what | value |", "|---|---|",
                "| network | \(cell.title), layers: \(configuration.layerCount), units of each: "
                    + "\(configuration.hiddenSize), dropout: \(configuration.dropout)"
                    + "\(configuration.embeddingSize.map { ", numbers of an embedded token: \($0)" } ?? "") |",
                "| parameters | \(Count(parameterCount))"
                    + "\(precision == .int8 ? ", weights rounded to 8 bits after the training" : "") |",
                "| vocabulary | \(Count(vocabulary.count)) \(vocabulary.kind.rawValue)"
                    + "\(vocabulary.unknownToken == nil ? "" : ", with U+FFFD for all that it lacks") |", "",
                "The vocabulary, one after the other:", "", fenced(shown + more), "", "## Text", "",
                textName.map { "Trained on \($0)." } ?? "", "Say here what the text is and where it comes from.", "",
                "## Losses", "",
            ] + lossLines + ["", "## Recipe", ""] + recipeLines + [
                "", "## Licence", "",
                "Not stated yet. Whoever publishes the model says here, and at the top of this file, how it may be used; the "
                    + "licence of the text has its part in that.",
                "", "## To let it write", "", fenced(sampling),
            ])
    }

    /// The last part of the path of the text's file or folder, and how many there are besides.
    private var textName: String? {
        let path = options["data-dir"] ?? options["data_dir"]
        let others = options.keys.filter { $0.hasPrefix("data-dir-") }.count
        return (path?.split(separator: "/").last).map { name in
            "`\(onOneLine(String(name)).filter { $0 != "`" })`" + (others > 0 ? " and \(others) more" : "")
        }
    }

    private var lossLines: [String] {
        func line(_ what: String, _ nats: Double) -> String {
            "| \(what) | \(fixed(nats, 4)) | \(fixed(nats * 1.4426950408889634, 4)) |"
        }
        var lines: [String] = []
        if let last = validationLosses.max(by: { $0.key < $1.key }) {
            lines.append(line("validation, iteration \(last.key)", last.value))
            if let best = validationLosses.min(by: { $0.value < $1.value }), best.key != last.key {
                lines.append(line("best validation, iteration \(best.key)", best.value))
            }
        } else if let loss = options["val_loss"].flatMap(Double.init) {
            lines.append(line("validation", loss))
        }
        let last = losses.suffix(100)
        if !last.isEmpty {
            let mean = Double(last.reduce(0, +)) / Double(last.count)
            lines.append(line("training, mean of the last \(last.count) steps", mean))
        }
        guard !lines.isEmpty else { return ["Unknown: the file holds weights without the run that made them."] }
        return ["| loss a character | nats | bits |", "|---|---|---|"] + lines
    }

    private var recipeLines: [String] {
        guard let run = trainingOptions, let shape = batchShape else {
            let known = ["learning_rate", "decay_rate", "batch_size", "seq_length", "grad_clip", "epoch", "i", "seed"]
            let lines = known.compactMap { key in options[key].map { "| \(key) | \(onOneLine($0)) |" } }
            return lines.isEmpty ? ["Unknown, for the same reason."] : ["| option | value |", "|---|---|"] + lines
        }
        let (rate, optimizer) =
            switch run.optimizer {
            case .rmsProp(let rate, let decay, _): (rate, "RMSProp, decay \(decay)")
            case .adam(let rate, let beta1, let beta2, _): (rate, "Adam, β₁ \(beta1), β₂ \(beta2)")
            case .adamW(let adamW): (adamW.learningRate, adamW.words)
            case .muon(let muon):
                (
                    muon.learningRate,
                    "Muon, momentum \(muon.momentum), weight decay \(muon.weightDecay); for all but the weights "
                        + "between units \(muon.others.words), rate \(muon.others.learningRate)"
                )
            }
        let clipping =
            switch run.clipping {
            case .none: "none"
            case .value(let bound): "each component to ±\(bound)"
            case .norm(let bound): "the norm to \(bound)"
            }
        return [
            "| option | value |", "|---|---|", "| optimizer | \(optimizer) |",
            "| learning rate | \(rate), × \(run.decay.factor) at each epoch's end from epoch "
                + "\(fixed(run.decay.firstEpoch, 0)) on\(run.schedule.map { "; \($0.words)" } ?? "") |",
            "| clipping of the gradient | \(clipping) |",
            "| batches | \(shape.batchSize) streams of \(shape.sequenceLength) characters"
                + (run.resetProbability > 0 ? ", reset with probability \(run.resetProbability)" : "") + " |",
            "| length | \(iteration) steps, \(fixed(epoch, 2)) epochs |", "| seed | \(run.seed) |",
        ]
    }

    /// A block of code that no run of backticks in it ends.
    private func fenced(_ code: String) -> String { "````\n\(code)\n````" }

    private func onLines(_ lines: [String]) -> String { lines.joined(separator: "\n") + "\n" }
}

extension AdamW {
    fileprivate var words: String { "AdamW, β₁ \(beta1), β₂ \(beta2), weight decay \(weightDecay)" }
}

extension LearningRateSchedule {
    fileprivate var words: String {
        let fall =
            switch fall {
            case .none: "then constant"
            case .cosine: "along a cosine to 0"
            case .linear(let share): "in a line to 0 over the last \(fixed(100 * share, 0)) % of the run"
            }
        return "over \(warmUp) steps up from 0, \(fall)"
    }
}
