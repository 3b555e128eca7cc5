import ArgumentParser
import CharRNN
import FoundationEssentials

struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure how fast this machine trains and samples a model.",
        discussion: """
            Times are medians after a warm-up; each waits for the device. The share is that of the device's own rate \
            for large products, measured in the same run, so it tells how much a faster program could still gain. \
            With --all every device is measured, to see which one suits this model. --profile tells what an OpenCL \
            device does in a training step, kernel by kernel.

            Of the CPU the limits are measured too: multiply-adds whose numbers stay in registers, on one thread and on \
            all, and reads of each cache and of memory, with the shares that training and sampling reach.
            """)

    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Model") var batch: BatchOptions
    @OptionGroup(title: "Device") var device: DeviceOptions
    @Option(
        help: "How to multiply in sampling: float32, or int8, which rounds the weights to 8 bits, on the device cpu.")
    var precision = WeightPrecision.float32
    @Option(parsing: .unconditional, help: "The number of different characters.")
    var vocabularySize = 65
    @Option(parsing: .unconditional, help: "How long to measure each figure.")
    var seconds = 3.0
    @Flag(help: "Measure every device.")
    var all = false
    @Flag(help: "Count and time what OpenCL devices do in a training step.")
    var profile = false
    @Flag(help: "Print a JSON object a device.")
    var json = false

    func validate() throws {
        try require(
            (2...50_000).contains(vocabularySize), "--vocabulary-size \(vocabularySize): it must be 2 to 50000.")
        try require(seconds > 0 && seconds <= 3600, "--seconds \(seconds): it must be above 0 and at most 3600.")
        try batch.requireMeasurable()
    }

    func run() throws {
        let devices = all ? Device.available : [try device.device()]
        if profile, devices.allSatisfy({ $0.kind == .cpu }) {
            throw ValidationError("--profile reads the queue of an OpenCL device, and cpu has none; add --opencl.")
        }
        let (configuration, dataset) = try Self.task(model, batch, vocabularySize: vocabularySize)
        var results = try devices.map {
            var result = try BenchResult(
                configuration, dataset: dataset, on: $0, precision: precision, seconds: seconds)
            if profile { result.profile = try StepProfile(configuration, dataset: dataset, on: $0, seconds: seconds) }
            return result
        }
        for (index, device) in devices.enumerated() {
            try results[index].measureLimits(of: device, seconds: seconds)
        }
        for result in results {
            Console.output(Array(((json ? try result.jsonLine() : result.text) + "\n").utf8))
        }
        if !json, results.count > 1 {
            let trainer = results.min { $0.secondsPerBatch < $1.secondsPerBatch }!
            let sampler = results.max { $0.sampledPerSecond < $1.sampledPerSecond }!
            Console.note(
                "for this model: train with --device \(trainer.device), sample with --device \(sampler.device)")
        }
    }

    /// A model as the options say, and a made-up text for it to learn.
    static func task(
        _ model: ModelOptions, _ batch: BatchOptions, vocabularySize: Int
    ) throws -> (LanguageModel.Configuration, TextDataset) {
        let text = text(vocabularySize, count: max(4 * batch.batchSize * batch.sequenceLength, 2 * vocabularySize))
        let dataset = try TextDataset(
            text: text, batchSize: batch.batchSize, sequenceLength: batch.sequenceLength, trainingFraction: 1,
            validationFraction: 0)
        let configuration = LanguageModel.Configuration(
            cell: model.cell, vocabulary: dataset.vocabulary, hiddenSize: model.hiddenSize, layerCount: model.layers,
            dropout: model.dropout, embeddingSize: model.embeddingSize)
        return (configuration, dataset)
    }

    /// A text with so many different characters, each at least once.
    private static func text(_ vocabularySize: Int, count: Int) -> String {
        var generator = SplitMix64(seed: 1)
        // From '!' on, past the surrogates where there are so many.
        let alphabet = (0...).lazy.compactMap { Unicode.Scalar(UInt32(0x21 + $0)) }
        let scalars = Array(alphabet.prefix(vocabularySize))
        var text = String.UnicodeScalarView()
        for i in 0..<count {
            text.append(i < vocabularySize ? scalars[i] : scalars[Int(generator.next() % UInt64(vocabularySize))])
        }
        return String(text)
    }
}
