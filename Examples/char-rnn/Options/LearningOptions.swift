import ArgumentParser
import CharRNN

enum OptimizerName: String, CaseIterable, ExpressibleByArgument {
    case rmsprop, adam, adamw, muon
}

enum ScheduleName: String, CaseIterable, ExpressibleByArgument {
    case constant, cosine, linear, tail
}

/// How to learn.
struct LearningOptions: ParsableArguments {
    @Option(help: "How the weights are changed: rmsprop, as in char-rnn; adam; adamw; muon, which learns most.")
    var optimizer = OptimizerName.rmsprop
    @Option(
        parsing: .unconditional,
        help: "The step size. (default: 0.002; of adamw 0.004; of muon 0.03, for the weights between units)")
    var learningRate: Float?
    @Option(
        parsing: .unconditional,
        help: "With muon: the step size of the weights that it leaves to adamw. (default: 0.004)")
    var adamRate: Float?
    @Option(
        parsing: .unconditional,
        help: "How much adamw and muon shrink weights, but not biases, in units of the step size. (default: 0.1)")
    var weightDecay: Float?
    @Option(
        help: ArgumentHelp(
            "How the step size goes over the run: constant; cosine or linear, falling to 0; or tail, constant for 60 % "
                + "of the run and then falling to 0.", valueName: "shape"))
    var schedule: ScheduleName?
    @Option(parsing: .unconditional, help: "The first iterations, in which the step size rises from 0. (default: 0)")
    var warmUp: Int?
    @Option(
        parsing: .unconditional,
        help:
            "What the step size is multiplied by at the end of an epoch; 1 for never. (default: 0.97; 1 with --schedule)"
    )
    var learningRateDecay: Float?
    @Option(
        parsing: .unconditional, help: "The first epoch at the end of which the step size changes. (default: 10)")
    var learningRateDecayAfter: Double?
    @Option(parsing: .unconditional, help: "The smoothing of RMSProp's mean squares. (default: 0.95)")
    var decayRate: Float?
    @Option(
        parsing: .unconditional,
        help: "Hold each component of the gradient within ± this; 0 for no bound. (default: 5)")
    var clip: Float?
    @Option(parsing: .unconditional, help: "Scale the gradient down to this norm, in place of --clip.")
    var clipNorm: Float?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How likely a sequence is to begin in the zero state, and not where the one before it has ended: 0 ≤ p ≤ 1.",
            valueName: "p"))
    var resetProbability: Float = 0
    @Option(parsing: .unconditional, help: "The seed of the initial weights, of dropout and of --reset-probability.")
    var seed = 123

    func validate() throws {
        func requireRate(_ option: String, _ rate: Float?) throws {
            try require(rate ?? 1 > 0, "\(option) \(rate ?? 0): it must be above 0.")
        }
        try requireRate("--learning-rate", learningRate)
        try requireRate("--adam-rate", adamRate)
        try requireRate("--learning-rate-decay", learningRateDecay)
        try require(adamRate == nil || optimizer == .muon, "--adam-rate only works with --optimizer muon.")
        try require(
            weightDecay == nil || optimizer == .muon || optimizer == .adamw,
            "--weight-decay only works with --optimizer adamw or muon.")
        try require(weightDecay ?? 0 >= 0, "--weight-decay \(weightDecay ?? 0): it must be at least 0.")
        if optimizer == .muon || optimizer == .adamw {
            let rates = [("--adam-rate", adamRate ?? 0), ("--learning-rate", trainerOptions.optimizer.learningRate)]
            let (option, rate) = rates.max { $0.1 < $1.1 }!
            let typed = weightDecay.map { "--weight-decay \($0)" } ?? "\(option) \(rate)"
            try require(
                decay * rate < 1, "\(typed): the step size, \(rate), times --weight-decay, \(decay), must be below 1.")
        }
        try require(warmUp ?? 0 >= 0, "--warm-up \(warmUp ?? 0): it must not be negative.")
        try require(
            learningRateDecayAfter == nil || schedule == nil || learningRateDecay != nil,
            "--learning-rate-decay-after only works with --learning-rate-decay, or without --schedule.")
        try require(
            decayRate == nil || optimizer == .rmsprop, "--decay-rate only works with --optimizer rmsprop.")
        try require(
            decayRate.map { $0 >= 0 && $0 < 1 } ?? true,
            "--decay-rate \(decayRate ?? 0): it must be at least 0 and below 1.")
        try require(clip.map { $0 >= 0 } ?? true, "--clip \(clip ?? 0): it must be at least 0.")
        try require(clip == nil || clipNorm == nil, "--clip and --clip-norm are two kinds of bound: give one.")
        try require(clipNorm.map { $0 > 0 } ?? true, "--clip-norm \(clipNorm ?? 0): it must be above 0.")
        try require(
            resetProbability >= 0 && resetProbability <= 1,
            "--reset-probability \(resetProbability): it must be 0 to 1.")
    }

    private var decay: Float { weightDecay ?? 0.1 }

    var trainerOptions: Trainer.Options {
        let optimizer: Optimizer =
            switch optimizer {
            case .rmsprop: .rmsProp(learningRate: learningRate ?? 0.002, decay: decayRate ?? 0.95)
            case .adam: .adam(learningRate: learningRate ?? 0.002)
            case .adamw: .adamW(AdamW(learningRate: learningRate ?? 0.004, weightDecay: decay))
            case .muon:
                .muon(
                    Muon(
                        learningRate: learningRate ?? 0.03, weightDecay: decay,
                        others: AdamW(learningRate: adamRate ?? 0.004, weightDecay: decay)))
            }
        return Trainer.Options(
            optimizer: optimizer, clipping: clipping,
            decay: LearningRateDecay(
                factor: learningRateDecay ?? (schedule == nil ? 0.97 : 1), firstEpoch: learningRateDecayAfter ?? 10),
            schedule: rateSchedule, seed: UInt64(bitPattern: Int64(seed)),
            resetProbability: resetProbability)
    }

    private var clipping: GradientClipping {
        if let clipNorm { return .norm(clipNorm) }
        let bound = clip ?? 5
        return bound > 0 ? .value(bound) : .none
    }

    private var rateSchedule: LearningRateSchedule? {
        guard schedule != nil || warmUp != nil else { return nil }
        let fall: LearningRateSchedule.Fall =
            switch schedule {
            case nil, .constant: .none
            case .cosine: .cosine
            case .linear: .linear()
            case .tail: .linear(overLast: 0.4)
            }
        return LearningRateSchedule(warmUp: warmUp ?? 0, fall: fall)
    }
}

extension Optimizer {
    var name: OptimizerName {
        switch self {
        case .rmsProp: .rmsprop
        case .adam: .adam
        case .adamW: .adamw
        case .muon: .muon
        }
    }

    /// That of AdamW, alone or beside Muon.
    var adamW: AdamW? {
        switch self {
        case .rmsProp, .adam: nil
        case .adamW(let adamW): adamW
        case .muon(let muon): muon.others
        }
    }
}
