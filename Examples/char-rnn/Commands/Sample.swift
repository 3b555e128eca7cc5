import ArgumentParser
import CharRNN
import FoundationEssentials
import Glibc

struct Sample: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Let a model write.",
        discussion: """
            The text goes to standard output, character by character; everything else goes to standard error.

            A low --temperature writes what is likely, a high one takes chances; 0 always takes the likeliest \
            character. --prime gives the model a beginning to continue:
              char-rnn sample cv --prime "KING RICHARD:" --temperature 0.7

            What narrows the choice is applied in this order, each to what the one before it has left: penalties, \
            temperature, top-n-sigma, top-k, top-p, min-p, typical, mirostat. Nothing but the temperature 1 is set \
            unless you set it. To try something, begin with --min-p 0.05 alone.

            --stop ends the text before a string, which may be given several times. With --escapes \\n in such a string \
            and in --prime is a line break, so that this ends before an empty line:
              char-rnn sample cv --escapes --prime 'KING RICHARD:\\n' --stop '\\n\\n' -n 3
            """)

    @Argument(help: "The checkpoint, or a folder whose best one is taken.", completion: .file())
    var checkpoint: String
    @OptionGroup(title: "Device") var device: DeviceOptions
    @Option(help: WeightPrecision.help)
    var precision: WeightPrecision?
    @Option(
        parsing: .unconditional,
        help: "How many characters to write after the prime text; bytes, if the model is one of bytes.")
    var length = 2000
    @Option(
        parsing: .unconditionalSingleValue, help: "End before this text, which is left out; may be given several times."
    )
    var stop: [String] = []
    @Option(
        name: [.customShort("n"), .long], parsing: .unconditional,
        help: "How many texts to write, each after the same prime text; the seeds of the others follow the first's.")
    var count = 1
    @Option(parsing: .unconditional, help: "A text for the model to continue.")
    var prime: String?
    @Option(help: "A file with such a text; - is standard input.", completion: .file())
    var primeFile: String?
    @Flag(
        help: "Read \\n as a line break, \\t as a tabulator and \\\\ as a backslash in --prime and --stop.")
    var escapes = false
    @Option(help: UnknownChoice.help)
    var unknown = UnknownChoice.error
    @Flag(help: "Say nothing but the text.")
    var quiet = false
    @OptionGroup(title: "How to draw") var drawing: SamplingOptions

    func validate() throws {
        try require(length >= 0, "--length \(length): it must not be negative.")
        try require(count > 0, "--count \(count): it must be 1 or more.")
        try require(!stop.contains(""), "--stop: it needs a text.")
        try require(!escapes || prime != nil || !stop.isEmpty, "--escapes belongs to --prime or --stop.")
        try require(prime == nil || primeFile == nil, "--prime and --prime-file: give one of them.")
        for text in stop { _ = try unescaped(text, of: "--stop") }
        if let prime { _ = try unescaped(prime, of: "--prime") }
    }

    func run() throws { try CheckpointChoice.naming(checkpoint, work) }

    private func work() throws {
        let device = try device.device()
        let model = try LanguageModel(
            contentsOf: CheckpointChoice.best(checkpoint, isQuiet: quiet), on: device, precision: precision)
        let vocabulary = model.vocabulary
        var session = try model.makeSession()
        if !quiet { Console.note("device: \(model.device)\(model.precision == .int8 ? ", weights of 8 bits" : "")") }
        let prime = try primeTokens(vocabulary)
        if let prime {
            try LongWork.telling("reading the prime text", quietly: quiet) { work in
                try session.feed(prime) { work.advance(to: Double($0) / Double(prime.count)) }
            }
        }
        if prime == nil && !quiet {
            Console.note("no prime text, so the first character may be any; give the model a beginning with --prime")
        }
        if !quiet { for notice in try stopNotices(vocabulary) { Console.note("note: \(notice)") } }
        let firstSeed = drawing.seed.value
        if case .random = drawing.seed, !quiet { Console.note("seed: \(firstSeed)") }
        for index in 0..<count {
            let seed = firstSeed &+ index
            if count > 1 && !quiet { Console.note("text \(index + 1) of \(count), seed \(seed)") }
            if let prime { Console.output(prime.flatMap { vocabulary.bytes(of: $0) }) }
            try write(after: session, seed: seed)
            // What a model of bytes writes may be any file, to which nothing is added.
            if vocabulary.kind != .bytes || index < count - 1 || isatty(STDOUT_FILENO) == 1 { Console.output([10]) }
        }
    }

    /// In bytes, since a model may write what is no text.
    private func write(after session: Session, seed: Int) throws {
        var sampling = try drawing.sampling()
        sampling.seed = UInt64(bitPattern: Int64(seed))
        var stops = StopStrings(try stop.map { try unescaped($0, of: "--stop") })
        let stream = session.tokens(by: sampling)
        for token in stream.prefix(length) {
            let (released, found) = stops.read(session.vocabulary.bytes(of: token))
            Console.output(released)
            if found != nil { return }
        }
        Console.output(stops.held)
        if let failure = stream.failure { throw failure }
    }

    /// Of strings to stop at that the model cannot write, why, and what to type where that is plain.
    private func stopNotices(_ vocabulary: Vocabulary) throws -> [String] {
        try stop.compactMap { stop in
            let text = try unescaped(stop, of: "--stop")
            return lineNotice(text, vocabulary) ?? unwrittenNotice(text, typedAs: stop, vocabulary)
        }
    }

    /// Of a string whose lines end in another way than those of the model's text.
    private func lineNotice(_ text: String, _ vocabulary: Vocabulary) -> String? {
        guard ["\r", "\r\n"].contains(where: { vocabulary.contains(Array($0.utf8)) }) else { return nil }
        // Where there is a carriage return already, both are one character.
        let meant = text.replacing("\n", with: "\r\n")
        guard meant != text else { return nil }
        return
            "the model writes carriage returns, '\\r', as lines have on Windows, and --stop "
            + "'\(Escapes.typed(text))' has none; for such lines type --escapes --stop \(shellWord(Escapes.typed(meant)))"
    }

    /// Of a string with something that no token of the model has.
    private func unwrittenNotice(_ text: String, typedAs typed: String, _ vocabulary: Vocabulary) -> String? {
        let written: Set<Unicode.Scalar> =
            vocabulary.kind == .bytes
            // Bytes may be parts of any character.
            ? Set(text.unicodeScalars.filter { String($0).utf8.allSatisfy { vocabulary.contains([$0]) } })
            : Set(
                (0..<vocabulary.count).flatMap {
                    String(decoding: vocabulary.bytes(of: $0), as: UTF8.self).unicodeScalars
                })
        guard let other = text.unicodeScalars.first(where: { !written.contains($0) }) else { return nil }
        let advice = other == "\\" && !escapes ? "; with --escapes \\n is a line break" : ""
        return
            "the model does not know '\(printable(line: String(other)))' and never writes it, so that --stop "
            + "'\(printable(line: typed))' ends nothing\(advice)"
    }

    /// A text as it is meant.
    ///
    /// - Throws: `ValidationError`.
    private func unescaped(_ text: String, of option: String) throws -> String {
        escapes ? try Escapes.read(text, of: option) : text
    }

    private func primeTokens(_ vocabulary: Vocabulary) throws -> [Int]? {
        if let primeFile { return try unknown.tokens(of: primeFile, in: vocabulary, quietly: quiet) }
        return try prime.map {
            try unknown.tokens(ofText: unescaped($0, of: "--prime"), in: vocabulary, quietly: quiet)
        }
    }
}
