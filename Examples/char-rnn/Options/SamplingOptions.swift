import ArgumentParser
import CharRNN

/// How `sample` draws: the properties of the library's `Sampling`, by their names.
struct SamplingOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: "Divides the log-probabilities: 0.5 is cautious, 1 as learned, 2 bold; 0 takes the likeliest.")
    var temperature: Float = 1
    @Option(parsing: .unconditional, help: "Draw only from so many of the likeliest characters.")
    var topK: Int?
    @Option(parsing: .unconditional, help: "Draw only from the likeliest characters that together are this probable.")
    var topP: Float?
    @Option(
        parsing: .unconditional,
        help: "Leave out characters less likely than this share of the likeliest one; try 0.05.")
    var minP: Float?
    @Option(
        parsing: .unconditional,
        help: "Draw only from the characters of the most usual surprise that together are this probable.")
    var typical: Float?
    @Option(
        parsing: .unconditional,
        help: "Leave out characters this many standard deviations below the likeliest; 1 is strict.")
    var topNSigma: Float?
    @Option(
        parsing: .unconditional,
        help: "Above 1 makes recent characters less likely; 1.1 is a lot, since the space is nearly always recent.")
    var repetitionPenalty: Float = 1
    @Option(
        parsing: .unconditional,
        help: "Lower the log-probability of recent characters by this for each time that they occur.")
    var frequencyPenalty: Float = 0
    @Option(parsing: .unconditional, help: "Lower the log-probability of recent characters by this once.")
    var presencePenalty: Float = 0
    @Option(
        parsing: .unconditional,
        help: "How many characters are recent, the prime text's included; at most 256. (default: 64)")
    var penaltyWindow: Int?
    @Option(
        parsing: .unconditional,
        help: "Keep the surprise near so many bits a character (Mirostat 2); that of a good model is 1.5 to 2.")
    var mirostat: Float?
    @Option(parsing: .unconditional, help: "How fast --mirostat adapts.")
    var mirostatRate: Float = 0.1
    @Option(parsing: .unconditional, help: "The same seed writes the same text; random is another each time.")
    var seed = SeedChoice.number(123)

    /// With the seed left to whoever draws.
    func sampling() throws -> Sampling {
        var sampling = Sampling(
            repetitionPenalty: repetitionPenalty, frequencyPenalty: frequencyPenalty, presencePenalty: presencePenalty,
            penaltyWindow: penaltyWindow ?? 64, temperature: temperature, topNSigma: topNSigma, topK: topK, topP: topP,
            minP: minP, typical: typical)
        if let mirostat { sampling.mirostat = try Mirostat(checking: mirostat, learningRate: mirostatRate) }
        try sampling.check()
        return sampling
    }

    func validate() throws {
        try require(
            penaltyWindow == nil || repetitionPenalty != 1 || frequencyPenalty != 0 || presencePenalty != 0,
            "--penalty-window only works with --repetition-penalty, --frequency-penalty or --presence-penalty.")
        try require(mirostat != nil || mirostatRate == 0.1, "--mirostat-rate is for --mirostat: give both.")
        do { _ = try sampling() } catch let error as SamplingError {
            throw ValidationError("\(Self.option(error.name)) \(error.value): it must be \(error.range).")
        }
    }

    /// topNSigma as --top-n-sigma; the two of Mirostat have names of their own.
    private static func option(_ name: String) -> String {
        ["surprise": "--mirostat", "learningRate": "--mirostat-rate"][name]
            ?? "--" + name.map { $0.isUppercase ? "-" + $0.lowercased() : String($0) }.joined()
    }
}

enum SeedChoice: ExpressibleByArgument, CustomStringConvertible {
    case number(Int)
    case random

    init?(argument: String) {
        if argument == "random" {
            self = .random
        } else if let number = Int(argument) {
            self = .number(number)
        } else {
            return nil
        }
    }

    /// What the first text is drawn with. A random one is short enough to be typed.
    var value: Int {
        switch self {
        case .number(let number): number
        case .random: .random(in: 0..<1_000_000_000)
        }
    }

    var description: String {
        switch self {
        case .number(let number): "\(number)"
        case .random: "random"
        }
    }
}
