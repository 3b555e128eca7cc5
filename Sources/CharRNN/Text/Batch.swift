/// B × T tokens and those that follow each, time-major: entry t·B + b is step t of stream b.
public struct Batch: Sendable {
    /// B
    public let batchSize: Int
    /// T
    public let steps: Int
    /// The tokens that the model reads.
    public let inputs: [Int32]
    /// The token after each input, or ``noTarget``.
    public let targets: [Int32]
    /// The streams that begin in the zero state, in ascending order. The others go on where the batch before has ended.
    public let resets: [Int]
    /// How many of the targets count.
    public let targetCount: Int

    /// In the place of a target that is not there: nothing is predicted and nothing learned at this step.
    public static let noTarget: Int32 = -1

    /// Other numbers of entries than B × T, or streams that are not in ascending order, are programmer errors.
    public init(batchSize: Int, steps: Int, inputs: [Int32], targets: [Int32], resets: [Int] = []) {
        precondition(
            batchSize > 0 && steps > 0 && inputs.count == batchSize * steps && targets.count == inputs.count,
            "\(inputs.count) inputs and \(targets.count) targets for \(batchSize) streams of \(steps) steps")
        precondition(
            zip(resets, resets.dropFirst()).allSatisfy { $0 < $1 } && resets.first ?? 0 >= 0
                && resets.last ?? 0 < batchSize, "the streams \(resets) of \(batchSize)")
        self.batchSize = batchSize
        self.steps = steps
        self.inputs = inputs
        self.targets = targets
        self.resets = resets
        targetCount = targets.count { $0 >= 0 }
    }

    /// A batch of one text for each stream, of at most T + 1 tokens: all but the last are read, all but the first
    /// predicted. A shorter one is filled up with steps that have no target.
    ///
    /// - Parameters:
    ///   - rows: the tokens of each stream.
    ///   - steps: T; nil for as many as the longest needs.
    ///   - resets: the streams that begin in the zero state, in ascending order.
    public init(rows: [[Int]], steps: Int? = nil, resets: [Int] = []) {
        let (size, steps) = (rows.count, steps ?? (rows.map(\.count).max() ?? 0) - 1)
        precondition(
            size > 0 && steps > 0 && rows.allSatisfy { $0.count <= steps + 1 },
            "rows of \(rows.map(\.count)) tokens for \(steps) steps")
        var inputs = [Int32](repeating: 0, count: size * steps)
        var targets = [Int32](repeating: Self.noTarget, count: size * steps)
        for (b, row) in rows.enumerated() {
            for t in 0..<max(0, row.count - 1) {
                inputs[t * size + b] = Int32(row[t])
                targets[t * size + b] = Int32(row[t + 1])
            }
        }
        self.init(batchSize: size, steps: steps, inputs: inputs, targets: targets, resets: resets)
    }
}

extension Batch {
    /// Ends the program where a model of so many tokens would read beside its parameters.
    func check(vocabularySize: Int) {
        let bound = Int32(vocabularySize)
        if let token = inputs.first(where: { $0 < 0 || $0 >= bound }) ?? targets.first(where: { $0 >= bound }) {
            preconditionFailure("a batch with token \(token), which is not among the \(vocabularySize) of the model")
        }
    }
}
