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
            """)

    @Argument(help: "The checkpoint, or a folder whose best one is taken.", completion: .file())
    var checkpoint: String
    @Argument(help: "The text; - is standard input.", completion: .file())
    var file: String
    @OptionGroup(title: "Device") var device: DeviceOptions
    @Option(help: "What to do with characters that the model does not know: error, skip, replace.")
    var unknown = UnknownChoice.error
    @Option(parsing: .unconditional, help: "Cut the text into windows of so many characters, each read by itself.")
    var windows: Int?
    @Flag(help: "Print JSON.")
    var json = false

    private struct Result: Encodable {
        let characters: Int
        let natsPerCharacter: Double
        let logProbabilities: [Double]
    }

    func validate() throws {
        try require(windows ?? 1 > 0, "--windows \(windows ?? 0): at least 1 is needed.")
    }

    func run() throws {
        let model = try LanguageModel(contentsOf: CheckpointChoice.best(checkpoint), on: try device.device())
        let tokens: [Int]
        do {
            tokens = try TextInput.tokens(of: file, in: model.vocabulary, unknown: unknown.rule(in: model.vocabulary))
        } catch let error as VocabularyError {
            throw Failure("\(error) of \(TextInput.name(file)); \(UnknownChoice.advice)")
        }
        guard tokens.count > 1 else {
            let known = unknown == .skip ? " that the model knows" : ""
            throw Failure(
                "\(TextInput.name(file)) has fewer than two characters\(known); there is nothing to predict")
        }
        if let windows, tokens.count <= windows {
            throw Failure(
                "\(TextInput.name(file)) has \(tokens.count) characters, which fill no window of \(windows)")
        }
        let logarithms =
            if let windows {
                try model.logProbabilities(of: tokens, inWindowsOf: windows)
            } else {
                try LongWork.telling("scoring") { work in
                    try model.logProbabilities(of: [tokens]) { work.advance(to: Double($0) / Double(tokens.count)) }[0]
                }
            }
        let nats = Self.mean(logarithms)
        if json {
            let result = Result(
                characters: logarithms.count + 1, natsPerCharacter: nats, logProbabilities: logarithms)
            Console.output(Array((try result.jsonLine() + "\n").utf8))
        } else {
            let text = "\(Console.grouped(logarithms.count + 1)) characters, \(Self.line(nats))\n"
            Console.output(Array(text.utf8))
        }
    }

    /// Not the negative, which would be -0 where all is certain.
    private static func mean(_ logarithms: [Double]) -> Double {
        0 - logarithms.reduce(0, +) / Double(logarithms.count)
    }

    private static func line(_ nats: Double) -> String {
        "\(fixed(nats, 4)) nats per character (\(fixed(bits(nats), 4)) bits)"
    }
}
