import ArgumentParser
import CharRNN
import FoundationEssentials

struct Score: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tell how well a model predicts a text.",
        discussion: """
            The result is the mean of -ln p over the characters after the first, each given all before it. With --json \
            the logarithms follow one by one.

            Models that see no more than a window of the text, as transformers do, are compared by windows: with \
            --windows 256 the text is cut into windows of 256 characters, each read from the zero state, and every \
            character that follows one of a window counts. What fills no window is left out.

            With --dynamic the model also reads the text a second time and goes on learning from what it has read \
            (dynamic evaluation, Krause et al. 2018); the gain is printed. The checkpoint stays as it is:
              char-rnn score cv/lm_lstm_epoch5.00_1.5369.safetensors part.txt --dynamic
            With a part of the training text, each parameter moves as far as its gradients there were large:
              char-rnn score cv/lm_lstm_epoch5.00_1.5369.safetensors part.txt --dynamic --dynamic-text input.txt
            """)

    @Argument(help: "The checkpoint, or a folder whose best one is taken.", completion: .file())
    var checkpoint: String
    @Argument(help: "The text; - is standard input.", completion: .file())
    var file: String
    @OptionGroup(title: "Device") var device: DeviceOptions
    @Option(help: WeightPrecision.help)
    var precision: WeightPrecision?
    @Option(help: UnknownChoice.help)
    var unknown = UnknownChoice.error
    @Option(parsing: .unconditional, help: "Cut the text into windows of so many characters, each read by itself.")
    var windows: Int?
    @OptionGroup(title: "Dynamic evaluation") var adaptation: DynamicOptions
    @Flag(help: "Print JSON.")
    var json = false

    private struct Result: Encodable {
        let characters: Int
        let natsPerCharacter: Double
        let logProbabilities: [Double]
        let dynamicNatsPerCharacter: Double?
        let dynamicLogProbabilities: [Double]?
    }

    func validate() throws {
        try require(windows ?? 1 > 0, "--windows \(windows ?? 0): at least 1 is needed.")
        try require(windows == nil || !adaptation.dynamic, "--windows and --dynamic: give one of them.")
        try require(
            precision != .int8 || !adaptation.dynamic,
            "--precision int8 and --dynamic: weights of 8 bits do not learn; give one of them.")
    }

    func run() throws { try CheckpointChoice.naming(checkpoint, work) }

    private func work() throws {
        let model = try LanguageModel(
            contentsOf: CheckpointChoice.best(checkpoint), on: try device.device(), precision: precision)
        if adaptation.dynamic && model.precision == .int8 { throw Failure("\(checkpoint): \(QuantizedWeightsError())") }
        let tokens = try unknown.tokens(of: file, in: model.vocabulary)
        guard tokens.count > 1 else {
            let known = unknown == .skip ? " that the model knows" : ""
            throw Failure(
                "\(TextInput.name(file)) has fewer than two characters\(known); there is nothing to predict")
        }
        if let windows, tokens.count <= windows {
            throw Failure(
                "\(TextInput.name(file)) has \(Count(tokens.count)) characters; windows of \(Count(windows)) need more "
                    + "than \(Count(windows))"
            )
        }
        // Which may need another text, and says so before the work.
        let rule = adaptation.dynamic ? try adaptation.rule(for: model) : nil
        let logarithms = try LongWork.telling("scoring") { work in
            if let windows {
                let count = Double((tokens.count - 1) / windows)
                return try model.logProbabilities(of: tokens, inWindowsOf: windows) {
                    work.advance(to: Double($0) / count)
                }
            }
            return try model.logProbabilities(of: [tokens]) { work.advance(to: Double($0) / Double(tokens.count)) }[0]
        }
        let nats = Self.mean(logarithms)
        let dynamic = try rule.map { try dynamicLogarithms(of: tokens, by: model, $0) }
        if let dynamic { try adaptation.requireSense(Self.mean(dynamic), before: nats, of: model) }
        if json {
            let result = Result(
                characters: logarithms.count + 1, natsPerCharacter: nats, logProbabilities: logarithms,
                dynamicNatsPerCharacter: dynamic.map(Self.mean), dynamicLogProbabilities: dynamic)
            Console.output(Array((try result.jsonLine() + "\n").utf8))
        } else {
            var text = "\(Count(logarithms.count + 1)) characters, \(Self.line(nats))\n"
            if let adapted = dynamic.map(Self.mean) {
                text += "dynamic evaluation: \(Self.line(adapted)), a gain of \(fixed(nats - adapted, 4)) nats\n"
            }
            Console.output(Array(text.utf8))
        }
    }

    private func dynamicLogarithms(
        of tokens: [Int], by model: LanguageModel, _ rule: DynamicEvaluation.Rule
    ) throws -> [Double] {
        var evaluation = try DynamicEvaluation(model, rule: rule, segmentLength: adaptation.segmentLength)
        return try LongWork.telling("learning") { work in
            var (logarithms, rest): ([Double], ArraySlice<Int>) = ([], tokens[...])
            while !rest.isEmpty {
                let part = rest.prefix(Self.partLength)
                do { logarithms += try evaluation.logProbabilities(feeding: part) } catch is BrokenModelError {
                    throw adaptation.tooFast(
                        "after \(Count(logarithms.count)) characters its answers are no numbers")
                }
                rest = rest.dropFirst(part.count)
                work.advance(to: 1 - Double(rest.count) / Double(tokens.count))
            }
            return logarithms
        }
    }

    /// After how many characters of dynamic evaluation it tells how far it is.
    private static let partLength = 1000

    /// Not the negative, which would be -0 where all is certain.
    private static func mean(_ logarithms: [Double]) -> Double {
        0 - logarithms.reduce(0, +) / Double(logarithms.count)
    }

    private static func line(_ nats: Double) -> String {
        "\(fixed(nats, 4)) nats per character (\(fixed(bits(nats), 4)) bits)"
    }
}
