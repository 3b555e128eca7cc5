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

    @Argument(help: "The checkpoint, or a folder whose best one is taken.", completion: .file())
    var checkpoint: String
    @Argument(help: "The text; - is standard input.", completion: .file())
    var file: String
    @OptionGroup(title: "Device") var device: DeviceOptions
    @Flag(help: "Print JSON.")
    var json = false

    private struct Result: Encodable {
        let characters: Int
        let natsPerCharacter: Double
        let logProbabilities: [Double]
    }

    func run() throws {
        let model = try LanguageModel(contentsOf: CheckpointChoice.best(checkpoint), on: try device.device())
        let tokens: [Int]
        do { tokens = try TextInput.tokens(of: file, in: model.vocabulary) } catch let error as VocabularyError {
            throw Failure("\(error) of \(file); score a text of its characters only ('char-rnn inspect' shows them)")
        }
        guard tokens.count > 1 else {
            throw Failure("\(file) has fewer than two characters; there is nothing to predict")
        }
        let logarithms = try LongWork.telling("scoring") { work in
            try model.logProbabilities(of: tokens) { work.advance(to: $0) }
        }
        let nats = -logarithms.reduce(0, +) / Double(logarithms.count)
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
