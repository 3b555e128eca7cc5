import ArgumentParser
import CharRNN
import FoundationEssentials

struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what a checkpoint holds: its model, options and losses.")

    @Argument(help: "The checkpoint.", completion: .file())
    var checkpoint: String
    // char-rnn needed the device that had trained a model; here any will do, so this is accepted and not used.
    @OptionGroup(visibility: .hidden) var device: DeviceOptions

    func run() throws {
        let checkpoint = try Checkpoint(contentsOf: URL(named: checkpoint))
        let configuration = checkpoint.configuration
        let vocabulary = configuration.vocabulary
        var lines = [
            "cell: \(configuration.cell)",
            "layers: \(configuration.layerCount)",
            "hidden size: \(configuration.hiddenSize)",
            "dropout: \(configuration.dropout)",
            "parameters: \(Console.grouped(checkpoint.parameterCount))",
            "vocabulary: \(vocabulary.count) \(vocabulary.kind.rawValue): "
                + (0..<min(vocabulary.count, 100)).map { vocabulary.quoted($0) }.joined(separator: " "),
        ]
        if let options = checkpoint.trainingOptions, let shape = checkpoint.batchShape {
            lines += [
                "iteration: \(checkpoint.iteration)",
                "epoch: \(fixed(checkpoint.epoch, 2))",
                "batch size: \(shape.batchSize)",
                "sequence length: \(shape.sequenceLength)",
                "optimizer: \(options.optimizer)",
                "gradient clipping: \(options.clipping)",
                "learning rate: \(checkpoint.learningRate ?? 0)",
            ]
        }
        lines += checkpoint.options.sorted { $0.key < $1.key }.map { onOneLine("\($0.key): \($0.value)") }
        let last = checkpoint.losses.suffix(100)
        if !last.isEmpty {
            let mean = Double(last.reduce(0, +)) / Double(last.count)
            lines.append("training loss, mean of the last \(last.count): \(fixed(mean, 4))")
        }
        lines += checkpoint.validationLosses.sorted { $0.key < $1.key }.map {
            "validation loss at iteration \($0.key): \(fixed($0.value, 4))"
        }
        Console.output(Array((lines.joined(separator: "\n") + "\n").utf8))
    }
}
