import ArgumentParser
import CharRNN
import FoundationEssentials
import Glibc

enum UnknownChoice: String, CaseIterable, ExpressibleByArgument {
    case error, skip, replace
}

struct Sample: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Let a model write.",
        discussion: """
            The text goes to standard output, character by character; everything else goes to standard error.

            A low --temperature writes what is likely, a high one takes chances; 0 always takes the likeliest \
            character. --prime gives the model a beginning to continue:
              char-rnn sample cv/lm_lstm_epoch2.36_1.7637.safetensors --prime "KING RICHARD:" --temperature 0.7
            """)

    @Argument(help: "The checkpoint.", completion: .file())
    var checkpoint: String
    @OptionGroup(title: "Device") var device: DeviceOptions
    @Option(parsing: .unconditional, help: "How many characters to write after the prime text.")
    var length = 2000
    @Option(parsing: .unconditional, help: "Divides the log-probabilities: 0.5 is bold, 1 as learned, 0 the likeliest.")
    var temperature: Float = 1
    @Option(parsing: .unconditional, help: "Draw from this many likeliest characters only.")
    var topK: Int?
    @Option(parsing: .unconditional, help: "Draw from the likeliest characters that make up this probability only.")
    var topP: Float?
    @Option(parsing: .unconditional, help: "A text for the model to continue.")
    var prime: String?
    @Option(help: "A file with such a text; - is standard input.", completion: .file())
    var primeFile: String?
    @Option(help: "What to do with characters of that text that the model does not know: error, skip, replace.")
    var unknown = UnknownChoice.error
    @Option(parsing: .unconditional, help: "The seed: the same one writes the same text.")
    var seed = 123
    @Flag(help: "Say nothing but the text.")
    var quiet = false

    func validate() throws {
        try require(length >= 0, "--length \(length): it must not be negative.")
        try require(temperature >= 0 && temperature.isFinite, "--temperature \(temperature): it must be 0 or above.")
        try require(topK ?? 1 > 0, "--top-k \(topK ?? 0): at least 1 is needed.")
        try require(topP.map { $0 > 0 && $0 <= 1 } ?? true, "--top-p \(topP ?? 0): it must be above 0 and at most 1.")
        try require(prime == nil || primeFile == nil, "--prime and --prime-file: give one of them.")
    }

    func run() throws {
        let model = try LanguageModel(contentsOf: URL(fileURLWithPath: checkpoint), on: try device.device())
        let vocabulary = model.vocabulary
        var session = try model.makeSession()
        var generator = SplitMix64(seed: UInt64(bitPattern: Int64(seed)))
        if !quiet { Console.note("device: \(model.device)") }
        if let tokens = try primeTokens(vocabulary) {
            try session.feed(tokens)
            Console.output(tokens.flatMap { vocabulary.bytes(of: $0) })
        } else if !quiet {
            Console.note("no prime text, so the first character is drawn from all alike; give one with --prime")
        }
        for _ in 0..<length {
            var next = session.next.temperature(temperature)
            if let topK { next = next.topK(topK) }
            if let topP { next = next.topP(topP) }
            let token = next.sample(using: &generator)
            Console.output(vocabulary.bytes(of: token))
            try session.feed(token)
        }
        Console.output([10])
    }

    private func primeTokens(_ vocabulary: Vocabulary) throws -> [Int]? {
        let unknown: UnknownCharacters =
            switch unknown {
            case .error: .error
            case .skip: .skip
            case .replace: .replace(vocabulary.number(of: Array(" ".utf8)) ?? 0)
            }
        do {
            if let primeFile { return try TextInput.tokens(of: primeFile, in: vocabulary, unknown: unknown) }
            return try prime.map { try vocabulary.encode($0, unknown: unknown) }
        } catch let error as VocabularyError {
            throw Failure("\(error); leave it out, or choose --unknown skip or --unknown replace")
        }
    }
}
