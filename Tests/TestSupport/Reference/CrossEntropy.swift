import Foundation

extension Reference {
    /// −ln softmax(logits)[target] of each row, in nats; 0 where the target is below 0.
    package static func crossEntropy(_ logits: [Double], targets: [Int32], classes: Int) -> [Double] {
        targets.enumerated().map { i, target in
            guard target >= 0 else { return 0 }
            let row = logits[i * classes..<(i + 1) * classes]
            // The largest is taken out first, since exp(1e4) is infinite even in double precision.
            let largest = row.max()!
            let sum = row.reduce(0) { $0 + exp($1 - largest) }
            return largest + log(sum) - row[row.startIndex + Int(target)]
        }
    }

    /// The gradient of `scale` · Σ losses with respect to the logits: scale · (softmax − one-hot target).
    package static func crossEntropyGradient(
        _ logits: [Double], targets: [Int32], classes: Int, scale: Double
    ) -> [Double] {
        targets.enumerated().flatMap { i, target in
            guard target >= 0 else { return [Double](repeating: 0, count: classes) }
            let row = logits[i * classes..<(i + 1) * classes]
            let largest = row.max()!
            let sum = row.reduce(0) { $0 + exp($1 - largest) }
            return row.enumerated().map { v, logit in
                scale * (exp(logit - largest) / sum - (v == Int(target) ? 1 : 0))
            }
        }
    }
}
