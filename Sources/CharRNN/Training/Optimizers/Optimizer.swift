import OpenCLCompute

/// How parameters follow their gradient; `Backend` has the equations.
public enum Optimizer: Codable, Hashable, Sendable {
    /// char-rnn's optimizer: `decay` is its `decay_rate` (PyTorch's alpha), ε stands outside the root.
    case rmsProp(learningRate: Float = 2e-3, decay: Float = 0.95, epsilon: Float = 1e-8)
    /// With the paper's constants, and char-rnn's learning rate.
    case adam(learningRate: Float = 2e-3, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8)
    /// Adam whose matrices decay by themselves.
    case adamW(AdamW = .init())
    /// Steps of equal size in all directions for the matrices between units, and AdamW for the rest.
    case muon(Muon = .init())

    /// The rate of the first step, or what a schedule multiplies.
    public var learningRate: Float {
        switch self {
        case .rmsProp(let learningRate, _, _), .adam(let learningRate, _, _, _): learningRate
        case .adamW(let adamW): adamW.learningRate
        case .muon(let muon): muon.learningRate
        }
    }

    /// As it stands in histories and checkpoints: `rmsprop`, `adam`, `adamw` or `muon`.
    var name: String {
        switch self {
        case .rmsProp: "rmsprop"
        case .adam: "adam"
        case .adamW: "adamw"
        case .muon: "muon"
        }
    }

    /// What files call the moments that the optimizer keeps for each parameter.
    var momentNames: [String] {
        switch self {
        case .rmsProp: ["mean_square"]
        case .adam, .adamW, .muon: ["mean", "mean_square"]
        }
    }

    /// The elements of scratch memory that steps need besides.
    var scratchCount: Int { if case .muon = self { Muon.scratchCount } else { 0 } }

    /// Whether anything can be learned with these numbers.
    var isValid: Bool {
        switch self {
        case .rmsProp(let rate, let decay, let epsilon):
            rate >= 0 && rate.isFinite && decay >= 0 && decay <= 1 && epsilon >= 0 && epsilon.isFinite
        case .adam(let rate, let beta1, let beta2, let epsilon):
            AdamW(learningRate: rate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: 0).isValid
        case .adamW(let adamW): adamW.isValid
        case .muon(let muon): muon.isValid
        }
    }

    /// Takes a step.
    func step(_ step: OptimizerStep) throws {
        let backend = step.parameters.backend
        switch self {
        case .rmsProp(_, let decay, let epsilon):
            try backend.rmsProp(
                step.parameters.buffer, gradient: step.gradient.buffer, meanSquare: step.moments[0].buffer,
                clipping: step.clipping, learningRate: step.learningRate, decay: decay, epsilon: epsilon,
                norms: step.norms)
        case .adam(_, let beta1, let beta2, let epsilon):
            try backend.adam(
                step.parameters.buffer, gradient: step.gradient.buffer, mean: step.moments[0].buffer,
                meanSquare: step.moments[1].buffer, clipping: step.clipping, learningRate: step.learningRate,
                beta1: beta1, beta2: beta2, epsilon: epsilon, iteration: step.iteration, norms: step.norms)
        case .adamW(let adamW): try adamW.step(step)
        case .muon(let muon): try muon.step(step)
        }
    }
}

/// What an optimizer needs for a step.
struct OptimizerStep {
    let parameters: Parameters
    /// May be changed where it lies.
    let gradient: Parameters
    /// As many as ``Optimizer/momentNames``.
    let moments: [Parameters]
    /// ``Optimizer/scratchCount`` elements.
    let scratch: Buffer<Float>
    let clipping: GradientClipping
    let learningRate: Float
    /// The number of the step, from 1.
    let iteration: Int
    /// Where Σg² after clipping and Σx² after the step go.
    let norms: Buffer<Float>
}
