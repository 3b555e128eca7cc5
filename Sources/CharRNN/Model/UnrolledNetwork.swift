import OpenCLCompute

/// The network unrolled over T steps of B streams: the memory of a pass, and the passes.
///
/// Elements of four bytes: per layer (a·T + b)·B·H, of which the cell knows a and b; N·H·⌈H⌉₁₆ for the rearranged weights of
/// the layer at hand, which are N matrices; T·B·V for the logits; T·B·H for the gradient of the outputs; 4·T·B + V + 1 for indices and losses, V
/// being twice the rows of a ``TokenTable`` where there is an embedding; and what that holds. With what the trainer adds it is
/// ``LanguageModel/Configuration/trainingBytes(batchSize:sequenceLength:optimizer:guarded:)``.
final class UnrolledNetwork {
    /// T
    let steps: Int
    /// Which streams of the batch these B are.
    let streams: StreamShare
    /// T·B × V. After the backward pass their gradient.
    let logits: Matrix
    /// −ln p of each target, T·B.
    let losses: Buffer<Float>

    let parameters: Parameters
    /// The probability of dropping a unit in training.
    let dropProbability: Float
    let tokens: TokenTable
    private let isForTraining: Bool
    let layers: [RecurrentSequence]
    /// What goes from pass to pass, layer by layer: where a pass finds it, and where it leaves it.
    let carried: [(before: Buffer<Float>, after: Buffer<Float>)]
    /// All that the host writes for a pass, in one piece: the next three.
    private let indices: Buffer<Int32>
    let inputs: Buffer<Int32>
    let targets: Buffer<Int32>
    /// Of a pass in training: the places of each row of ``tokens``, and where the rows are a product those that there are.
    private(set) var inputGroups: IndexGroups
    private(set) var inputTokens: Buffer<Int32>
    /// With respect to the outputs of the layer at hand, T·B × H. Where there is no gradient yet, or it is used up, the outputs
    /// of a layer after dropout: those that the backward pass reads are dropped once more, which costs less than their room.
    let outputGradient: Matrix

    var backend: any Backend { parameters.backend }

    /// - Parameters:
    ///   - parameters: what it computes with, where they lie.
    ///   - dropout: the probability of dropping a unit in training.
    ///   - streams: the B streams that it reads, all of the batch or a share.
    ///   - forTraining: whether there will be a backward pass.
    ///   - tokens: that of another network of the same parameters, which are not to change; nil to make one.
    init(
        _ parameters: Parameters, dropout: Float = 0, steps: Int, streams: StreamShare, forTraining: Bool,
        sharing tokens: TokenTable? = nil
    ) throws {
        let (layout, backend) = (parameters.layout, parameters.backend)
        let (rows, h, v) = (steps * streams.count, layout.hiddenSize, layout.vocabularySize)
        self.parameters = parameters
        dropProbability = dropout
        isForTraining = forTraining
        self.steps = steps
        self.streams = streams
        self.tokens =
            try tokens ?? TokenTable(parameters, dropout: dropout, trainingWith: forTraining ? rows : nil)
        // One layer runs after the other.
        var scratch: Buffer<Float>?
        layers = try (0..<layout.layerCount).map { _ in
            let sequence = try RecurrentSequence(
                layout.cell, steps: steps, batchSize: streams.count, hiddenSize: h, forTraining: forTraining,
                sharing: scratch, on: backend)
            scratch = sequence.scratch
            return sequence
        }
        carried = Self.carried(by: layers)
        logits = try backend.makeMatrix(rows: rows, columns: v)
        losses = try backend.makeBuffer(of: Float.self, count: rows)
        let tableRows = self.tokens.rows.rows
        let inTraining = rows + tableRows + 1 + (self.tokens.isMultiplied ? tableRows : 0)
        indices = try backend.makeBuffer(of: Int32.self, count: 2 * rows + (forTraining ? inTraining : 0))
        inputs = indices[0..<rows]
        targets = indices[rows..<2 * rows]
        (inputGroups, inputTokens) = (IndexGroups(starts: indices[0..<0], positions: indices[0..<0]), indices[0..<0])
        outputGradient = try backend.makeMatrix(rows: forTraining ? rows : 0, columns: h)
    }

    /// The same memory for the first of the streams, without a backward pass.
    func narrowed(to count: Int) -> UnrolledNetwork { UnrolledNetwork(narrowing: self, count: count) }

    private init(narrowing whole: UnrolledNetwork, count: Int) {
        let rows = whole.steps * count
        parameters = whole.parameters
        dropProbability = whole.dropProbability
        isForTraining = false
        steps = whole.steps
        streams = StreamShare(all: count)
        tokens = whole.tokens
        layers = whole.layers.map { $0.narrowed(toBatchSize: count) }
        carried = Self.carried(by: layers)
        logits = whole.logits.rows(0..<rows)
        losses = whole.losses[0..<rows]
        indices = whole.indices[0..<2 * rows]
        inputs = indices[0..<rows]
        targets = indices[rows..<2 * rows]
        (inputGroups, inputTokens) = (whole.inputGroups, whole.inputTokens)
        outputGradient = whole.outputGradient
    }

    private static func carried(by layers: [RecurrentSequence]) -> [(before: Buffer<Float>, after: Buffer<Float>)] {
        layers.flatMap { sequence in
            ([sequence.hidden] + (sequence.cell.carriesMemory ? [sequence.memory] : [])).map {
                (first($0, sequence), last($0, sequence))
            }
        }
    }

    // MARK: Input

    /// The characters of the next pass and those that follow them, of B streams.
    private func load(_ batch: Batch, forTraining: Bool) throws {
        let batchTokens =
            tokens.isMultiplied ? BatchTokens(batch.inputs, vocabularySize: logits.columns) : nil
        var values = (batchTokens?.places ?? batch.inputs) + batch.targets
        func place(_ more: [Int32]) -> Buffer<Int32> {
            values += more
            return indices[values.count - more.count..<values.count]
        }
        inputTokens = place(batchTokens?.tokens ?? [])
        if forTraining {
            let groups = IndexGroups.grouping(
                batchTokens?.places ?? batch.inputs, count: batchTokens?.tokens.count ?? logits.columns)
            inputGroups = IndexGroups(starts: place(groups.starts), positions: place(groups.positions))
        }
        try backend.write(values, to: indices[0..<values.count])
    }

    // MARK: State

    /// The state after the last step of every layer; setting it is what the next pass begins with.
    func state() throws -> LanguageModel.State { try state(after: steps) }

    func setState(_ state: LanguageModel.State) throws {
        for (layer, sequence) in layers.enumerated() {
            try backend.write(state.hidden[layer], to: Self.last(sequence.hidden, sequence))
            if sequence.cell.carriesMemory {
                try backend.write(state.memory[layer], to: Self.last(sequence.memory, sequence))
            }
        }
    }

    /// Makes the state after the last pass the one before the next, and that of some streams zero. A copy, so that the
    /// backward pass of the next batch finds the state that it began with.
    private func carryState(resetting streams: [Int] = []) throws {
        let h = parameters.layout.hiddenSize
        for (before, after) in carried {
            try backend.copy(after, to: before)
            for run in streams.runs { try backend.fill(before[run.lowerBound * h..<run.upperBound * h], with: 0) }
        }
    }

    /// Where the state lies after the last pass.
    var stateBuffers: [Buffer<Float>] { carried.map(\.after) }

    private static func first(_ states: Matrix, _ sequence: RecurrentSequence) -> Buffer<Float> {
        states.rows(0..<sequence.batchSize).elements
    }

    private static func last(_ states: Matrix, _ sequence: RecurrentSequence) -> Buffer<Float> {
        let (steps, batchSize) = (sequence.steps, sequence.batchSize)
        return states.rows(steps * batchSize..<(steps + 1) * batchSize).elements
    }

    // MARK: Passes

    /// Runs a batch of B streams from the carried state to ``losses`` and, where there is a place for it, to the
    /// gradient of `scale` · Σ losses with respect to all parameters.
    ///
    /// - Parameter isMade: called again and again with the start of that part of the gradient, up to its end, which is made
    ///   or queued to be made; what is before it still changes. Not called for the whole.
    func run(
        _ batch: Batch, dropout: DropoutStep?, gradient: (place: Parameters, scale: Float)?,
        isMade: ((_ start: Int) throws -> Void)? = nil
    ) throws {
        try load(batch, forTraining: gradient != nil)
        // In training the parameters are others in each pass.
        if isForTraining { try tokens.multiply(inputTokens, dropout: dropout.map { embeddingMask($0) }) }
        try carryState(resetting: batch.resets)
        try project(forward(dropout: dropout))
        try computeLosses(of: logits.rows, gradientScale: gradient?.scale)
        if let gradient { try backward(dropout: dropout, into: gradient.place, isMade: isMade) }
    }

    /// Runs T characters of B streams from the carried state to ``logits``.
    func read(_ characters: [Int32]) throws {
        try project(advance(characters))
        try backend.addBias(parameters.decoderBias, to: logits)
    }

    /// Runs T characters of B streams from the carried state, and returns the outputs of the top layer.
    @discardableResult
    func advance(_ characters: [Int32]) throws -> Matrix {
        try carryState()
        try backend.write(characters, to: inputs)
        return try forward(dropout: nil)
    }

    /// From the outputs of the top layer, as they are, to ``logits``.
    func decode() throws {
        try project(layers.last!.outputs)
        try backend.addBias(parameters.decoderBias, to: logits)
    }

    /// Runs the loaded characters from the carried state through all layers, and returns what the decoder reads.
    ///
    /// - Parameter dropout: the seed and the step that the masks are drawn for; nil to drop nothing.
    func forward(dropout: DropoutStep?) throws -> Matrix {
        var x: Matrix?
        for (index, sequence) in layers.enumerated() {
            if let x {
                try backend.multiply(x, parameters.inputWeights[index], into: sequence.inputs)
            } else {
                try backend.gatherRows(of: tokens.rows, at: inputs, into: sequence.inputs)
            }
            try backend.forward(sequence, weights: parameters.recurrentWeights[index])
            x = sequence.outputs
            if let dropout { x = try dropped(dropout, layer: index) }
        }
        return x!
    }

    /// From outputs of the top layer, of T·B rows or fewer, to the logits, which still lack the decoder's bias.
    func project(_ outputs: Matrix) throws {
        try backend.multiply(outputs, parameters.decoderWeights, into: logits.rows(0..<outputs.rows))
    }

    /// From ``project(_:)`` to the first ``losses`` against the loaded targets. Where one is wanted, the logits become their
    /// gradient.
    func computeLosses(of rows: Int, gradientScale: Float?) throws {
        try backend.softmaxCrossEntropy(
            logits.rows(0..<rows), bias: parameters.decoderBias, targets: targets[0..<rows],
            gradientScale: gradientScale,
            losses: losses[0..<rows])
    }
}

extension [Int] {
    /// Ascending numbers as ranges of those that follow one another.
    fileprivate var runs: [Range<Int>] {
        reduce(into: []) { runs, number in
            if let last = runs.last, last.upperBound == number {
                runs[runs.count - 1] = last.lowerBound..<number + 1
            } else {
                runs.append(number..<number + 1)
            }
        }
    }
}
