import ArgumentParser
import CharRNN
import FoundationEssentials

struct Score: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tell how well a model predicts a text.",
        discussion: """
            The result is the mean of -ln p over the characters after the first, each given all before it. With --json \
            the logarithms follow one by one.
            """)

    @Argument(help: "The checkpoint.", completion: .file())
    var checkpoint: String
    @Argument(help: "The text; - is standard input.", completion: .file())
    var file: String
    @OptionGroup(title: "Device") var device: DeviceOptions
    @Option(help: "What to do with characters that the model does not know: error, skip, replace.")
    var unknown = UnknownChoice.error
    @Flag(help: "Print JSON.")
    var json = false

    private struct Result: Encodable {
        let characters: Int
        let natsPerCharacter: Double
        let logProbabilities: [Double]
    }

    func run() throws {
        let model = try LanguageModel(contentsOf: URL(named: checkpoint), on: try device.device())
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
        let logarithms = try model.logProbabilities(of: tokens)
        // Not the negative, which would be -0 where all is certain.
        let nats = 0 - logarithms.reduce(0, +) / Double(logarithms.count)
        if json {
            let result = Result(
                characters: logarithms.count + 1, natsPerCharacter: nats, logProbabilities: logarithms)
            Console.output(Array((try result.jsonLine() + "\n").utf8))
        } else {
            let line =
                "\(Console.grouped(logarithms.count + 1)) characters, \(fixed(nats, 4)) nats per character "
                + "(\(fixed(bits(nats), 4)) bits)\n"
            Console.output(Array(line.utf8))
        }
    }
}
