import ArgumentParser
import CharRNN
import Glibc

/// How a model goes on learning while it reads.
struct DynamicOptions: ParsableArguments {
    @Flag(help: "Also read while learning from what was read.")
    var dynamic = false
    @Option(parsing: .unconditional, help: "How fast it learns.")
    var dynamicRate: Float?
    @Option(
        parsing: .unconditional,
        help: "How much of the way back to the trained weights it goes at each step: 0 to 1.")
    var dynamicDecay: Float?
    @Option(parsing: .unconditional, help: "How many characters it reads before each step. (default: 20)")
    var dynamicSteps: Int?
    @Option(
        help: "A part of the training text, by whose gradients the steps are scaled; 100,000 characters are read.",
        completion: .file())
    var dynamicText: String?

    /// So many characters of the training text say enough.
    private static let statisticsLength = 100_000

    var segmentLength: Int { dynamicSteps ?? 20 }

    func validate() throws {
        try require(
            dynamic || dynamicRate == nil && dynamicDecay == nil && dynamicText == nil && dynamicSteps == nil,
            "--dynamic-rate, --dynamic-decay, --dynamic-steps and --dynamic-text: add --dynamic.")
        try require(dynamicRate ?? 0 >= 0, "--dynamic-rate \(dynamicRate ?? 0): it must be 0 or more.")
        try require(
            (0...1).contains(dynamicDecay ?? 0), "--dynamic-decay \(dynamicDecay ?? 0): it must be from 0 to 1.")
        try require(
            (1...10_000).contains(segmentLength), "--dynamic-steps \(segmentLength): it must be from 1 to 10,000.")
    }

    /// Makes sure that a model which goes on learning does not forget what it knew: that it is better than one that takes all
    /// characters for as likely, unless it was none to begin with.
    ///
    /// - Parameters:
    ///   - nats: the mean of -ln p over a text, while learning.
    ///   - others: the same without.
    /// - Throws: ``Failure``.
    func requireSense(_ nats: Double, before others: Double, of model: LanguageModel) throws {
        let guessing = log(Double(model.vocabulary.count))
        guard !(nats <= max(guessing, others)) else { return }
        throw tooFast(
            "it predicts the text worse than guessing does, with \(fixed(nats, 1)) nats per character and not "
                + fixed(guessing, 1))
    }

    func tooFast(_ consequence: String) -> Failure {
        let rate = dynamicRate.map { "--dynamic-rate \($0)" } ?? "the default --dynamic-rate"
        return Failure("\(rate) is too high for this model: \(consequence); make it smaller")
    }

    func rule(for model: LanguageModel) throws -> DynamicEvaluation.Rule {
        guard let dynamicText else { return DynamicEvaluation.Rule.sgd().with(dynamicRate, decay: dynamicDecay) }
        let tokens: [Int]
        do { tokens = try TextInput.tokens(of: dynamicText, in: model.vocabulary) } catch let error as VocabularyError {
            throw Failure("\(error) of \(dynamicText); name the text with which the model was trained")
        }
        guard tokens.count > segmentLength else {
            throw Failure(
                "\(dynamicText) has \(Count(tokens.count)) characters; it needs more than --dynamic-steps \(segmentLength)"
            )
        }
        let statistics = try model.gradientStatistics(
            of: tokens.prefix(Self.statisticsLength), segmentLength: segmentLength)
        return DynamicEvaluation.Rule.rms(statistics).with(dynamicRate, decay: dynamicDecay)
    }
}

extension DynamicEvaluation.Rule {
    /// The same with these numbers, where there are some.
    fileprivate func with(_ newRate: Float?, decay newDecay: Float?) -> Self {
        switch self {
        case .sgd(let rate, let decay): .sgd(learningRate: newRate ?? rate, decay: newDecay ?? decay)
        case .rms(let statistics, let rate, let decay, let epsilon):
            .rms(statistics, learningRate: newRate ?? rate, decay: newDecay ?? decay, epsilon: epsilon)
        }
    }
}
