import ArgumentParser
import CharRNN
import FoundationEssentials

struct Score: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tell how well a model predicts a text.",
        discussion: """
            The result is the mean of -ln p over the characters after the first, each given all before it. With --json \
            the logarithms follow one by one.

            With --dynamic the model also reads the text a second time and goes on learning from what it has read \
            (dynamic evaluation, Krause et al. 2018); the gain is printed. The checkpoint stays as it is:
              char-rnn score cv/lm_lstm_epoch5.00_1.5369.safetensors part.txt --dynamic
            With a part of the training text, each parameter moves as far as its gradients there were large:
              char-rnn score cv/lm_lstm_epoch5.00_1.5369.safetensors part.txt --dynamic --dynamic-text input.txt
            """)

    @Argument(help: "The checkpoint.", completion: .file())
    var checkpoint: String
    @Argument(help: "The text; - is standard input.", completion: .file())
    var file: String
    @OptionGroup(title: "Device") var device: DeviceOptions
    @OptionGroup(title: "Dynamic evaluation") var adaptation: DynamicOptions
    @Flag(help: "Print JSON.")
    var json = false

    /// What a reading has found.
    private struct Reading {
        var count = 0
        var nats = 0.0
        /// Kept for JSON alone.
        var logProbabilities: [Double] = []
        var natsPerCharacter: Double { nats / Double(count) }
        var line: String {
            "\(fixed(natsPerCharacter, 4)) nats per character (\(fixed(bits(natsPerCharacter), 4)) bits)"
        }
    }

    private struct Result: Encodable {
        let characters: Int
        let natsPerCharacter: Double
        let logProbabilities: [Double]
        let dynamicNatsPerCharacter: Double?
        let dynamicLogProbabilities: [Double]?
    }

    func run() throws {
        let model = try LanguageModel(contentsOf: URL(fileURLWithPath: checkpoint), on: try device.device())
        let parts = try parts(model.vocabulary)
        var session = try model.makeSession()
        let plain = try read(parts) { try session.logProbabilities(feeding: $0) }
        guard plain.count > 0 else {
            throw Failure("\(file) has fewer than two characters; there is nothing to predict")
        }
        var dynamic: Reading?
        if adaptation.dynamic {
            var evaluation = try DynamicEvaluation(
                model, rule: try adaptation.rule(for: model), segmentLength: adaptation.segmentLength)
            dynamic = try read(parts) { try evaluation.logProbabilities(feeding: $0) }
        }
        let text: String
        if json {
            text = try Result(
                characters: plain.count + 1, natsPerCharacter: plain.natsPerCharacter,
                logProbabilities: plain.logProbabilities, dynamicNatsPerCharacter: dynamic?.natsPerCharacter,
                dynamicLogProbabilities: dynamic?.logProbabilities
            ).jsonLine()
        } else {
            let gain = dynamic.map { dynamic in
                let gain = plain.natsPerCharacter - dynamic.natsPerCharacter
                return "\ndynamic evaluation: \(dynamic.line), a gain of \(fixed(gain, 4)) nats"
            }
            text = "\(Console.grouped(plain.count + 1)) characters, \(plain.line)\(gain ?? "")"
        }
        Console.output(Array((text + "\n").utf8))
    }

    /// The text in parts; one that is no plain file is read once and kept.
    private func parts(_ vocabulary: Vocabulary) throws -> (([Int]) throws -> Void) throws -> Void {
        func explained<Value>(_ read: () throws -> Value) throws -> Value {
            do { return try read() } catch VocabularyError.notUTF8 {
                throw TextInput.notUTF8(file)
            } catch let error as VocabularyError {
                throw Failure(
                    "\(error) of \(file); score a text of its characters only ('char-rnn inspect' shows them)")
            } catch let error as TextError { throw Failure("\(error)") }
        }
        if TextInput.isFile(file) {
            let url = URL(fileURLWithPath: file)
            return { body in try explained { try vocabulary.forEachPart(of: url, body) } }
        }
        let tokens = try explained { try TextInput.tokens(of: file, in: vocabulary) }
        return { body in try body(tokens) }
    }

    private func read(
        _ parts: @escaping (([Int]) throws -> Void) throws -> Void, _ answer: ([Int]) throws -> [Double]
    ) throws -> Reading {
        var reading = Reading()
        try parts { tokens in
            let logarithms = try answer(tokens)
            reading.count += logarithms.count
            reading.nats -= logarithms.reduce(0, +)
            if json { reading.logProbabilities += logarithms }
            if Console.isTerminal {
                Console.progress(
                    "\(Console.grouped(reading.count)) characters, \(fixed(reading.natsPerCharacter, 4)) nats")
            }
        }
        if Console.isTerminal { Console.progress("") }
        return reading
    }
}
