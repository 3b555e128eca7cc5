import Foundation
import OpenCLCompute

/// The state of one optimizer in double precision: parameters and moments.
package struct ReferenceOptimizer {
    package var x: [Double]
    /// Adam's first moment.
    package var mean: [Double]
    package var meanSquare: [Double]
    /// The gradient of the last step after clipping.
    package private(set) var clipped: [Double] = []

    package init(x: [Double], mean: [Double] = [], meanSquare: [Double]) {
        self.x = x
        self.mean = mean
        self.meanSquare = meanSquare
    }

    package mutating func rmsProp(
        _ gradient: [Double], clipping: GradientClipping, learningRate: Double, decay: Double, epsilon: Double
    ) {
        clipped = Reference.clip(gradient, clipping)
        for (i, g) in clipped.enumerated() {
            meanSquare[i] = decay * meanSquare[i] + (1 - decay) * g * g
            x[i] -= learningRate * g / (meanSquare[i].squareRoot() + epsilon)
        }
    }

    package mutating func adam(
        _ gradient: [Double], clipping: GradientClipping, learningRate: Double, beta1: Double, beta2: Double,
        epsilon: Double, iteration: Int
    ) {
        clipped = Reference.clip(gradient, clipping)
        for (i, g) in clipped.enumerated() {
            mean[i] = beta1 * mean[i] + (1 - beta1) * g
            meanSquare[i] = beta2 * meanSquare[i] + (1 - beta2) * g * g
            let unbiasedMean = mean[i] / (1 - pow(beta1, Double(iteration)))
            let unbiasedSquare = meanSquare[i] / (1 - pow(beta2, Double(iteration)))
            x[i] -= learningRate * unbiasedMean / (unbiasedSquare.squareRoot() + epsilon)
        }
    }
}

extension Reference {
    package static func clip(_ gradient: [Double], _ clipping: GradientClipping) -> [Double] {
        switch clipping {
        case .none:
            return gradient
        case .value(let bound):
            return gradient.map { min(max($0, -Double(bound)), Double(bound)) }
        case .norm(let bound):
            let norm = sumOfSquares(gradient).squareRoot()
            return norm <= Double(bound) ? gradient : gradient.map { $0 * Double(bound) / norm }
        }
    }
}
