/// Recurrent layers whose time steps are one launch. Streams do not meet in the recurrence, so each core of a processor and
/// each work-group of a GPU takes a slice of them through all the steps, and none waits for a launch in between.
extension OpenCLStream {
    /// The elements of the panels of U, forward, or of Uᵀ, backward.
    static func panelCount(_ cell: RecurrentCell, hiddenSize: Int) -> (forward: Int, backward: Int) {
        let columns = cell.productColumns(hiddenSize: hiddenSize)
        return (
            columns.reduce(0) { $0 + panelCount(rows: hiddenSize, columns: $1.count) },
            columns.reduce(0) { $0 + panelCount(rows: $1.count, columns: hiddenSize) }
        )
    }

    mutating func forwardFused(_ sequence: RecurrentSequence, _ weights: RecurrentWeights) throws {
        let columns = sequence.cell.productColumns(hiddenSize: sequence.hiddenSize)
        let factors = columns.map { OpenCLMatrix(weights.recurrent, columns: $0) }
        let product = try productMatrix(columns: columns[0].count, for: sequence)
        var arguments: [any OpenCLArgument] = [sequence.gates, weights.inputBias]
        arguments += context.info.isProcessor ? try panels(of: factors, for: sequence) : factors
        arguments.append(weights.recurrentBias)
        if sequence.cell != .rnn { arguments.append(sequence.memory) }
        arguments += [sequence.hidden, product] as [any OpenCLArgument]
        try launch("\(sequence.cell)_sequence_forward", slicesOf: sequence, arguments)
    }

    /// All but the gradients of the weights.
    mutating func backwardFused(
        _ sequence: RecurrentSequence, _ recurrent: Matrix, _ outputGradient: Matrix
    ) throws {
        let columns = sequence.cell.productColumns(hiddenSize: sequence.hiddenSize)
        let later = try productMatrix(columns: sequence.hiddenSize, for: sequence)
        var arguments: [any OpenCLArgument] = [sequence.gates]
        if context.info.isProcessor {
            arguments += try panels(of: columns.map { OpenCLMatrix(recurrent, columns: $0).transposed }, for: sequence)
        } else {
            let transposed = try transposeWeights(recurrent, for: sequence)
            arguments += columns.map { transposed.rows($0) }
        }
        switch sequence.cell {
        case .lstm: arguments.append(sequence.memory)
        case .gru: arguments.append(sequence.hidden)
        case .rnn: break
        }
        arguments += [outputGradient, later] as [any OpenCLArgument]
        if sequence.cell != .rnn { arguments.append(sequence.carry) }
        try launch("\(sequence.cell)_sequence_backward", slicesOf: sequence, arguments)
    }

    private mutating func launch(
        _ name: String, slicesOf sequence: RecurrentSequence, _ arguments: [any OpenCLArgument]
    ) throws {
        let (B, H, info) = (sequence.batchSize, sequence.hiddenSize, context.info)
        let share = B.dividedRoundingUp(by: info.computeUnits)
        // A processor's slice has no fewer rows than a tile of cpu.cl, or they go to waste; a GPU's no more than
        // gpu.cl takes.
        let rows = info.isProcessor ? max(Self.tileRows, share) : min(OpenCLDeviceInfo.sliceRows, share)
        try launch(
            name, groups: B.dividedRoundingUp(by: rows),
            ofAtMost: info.isProcessor ? 1 : info.sliceItems(sequence.cell, hiddenSize: H),
            localFloats: { info.isProcessor ? 4 : info.sliceRoom(sequence.cell, hiddenSize: H, items: $0) },
            [sequence.steps, B, H, rows] + arguments)
    }

    /// The factors of a step's products, in the sequence's scratch memory.
    private mutating func panels(
        of factors: [OpenCLMatrix], for sequence: RecurrentSequence
    ) throws -> [any OpenCLArgument] {
        var start = 0
        return try factors.map { factor in
            let count = Self.panelCount(rows: factor.rows, columns: factor.columns)
            let panels = sequence.scratch[start..<start + count]
            start += count
            try pack(factor, into: panels)
            return panels
        }
    }
}

/// What a work-group of a GPU needs for its slice; see CLKernels/gpu.cl.
extension OpenCLDeviceInfo {
    /// Streams in a slice.
    fileprivate static let sliceRows = 4

    /// Whether the local memory has room for a slice and for a group of 64.
    package func holdsSlice(_ cell: RecurrentCell, hiddenSize: Int) -> Bool {
        4 * sliceRoom(cell, hiddenSize: hiddenSize, items: 64) <= localMemory
    }

    /// The floats of local memory for a group of so many items.
    fileprivate func sliceRoom(_ cell: RecurrentCell, hiddenSize: Int, items: Int) -> Int {
        // A step's gradients have as many columns as the product in the forward pass.
        let columns = cell.productColumns(hiddenSize: hiddenSize).map(\.count).max()!
        return Self.sliceRows * (items + columns)
    }

    /// A group's size: many items, since all they do is wait for weights, but beyond 64 no fewer than 16 weights for each.
    fileprivate func sliceItems(_ cell: RecurrentCell, hiddenSize: Int) -> Int {
        var items = min(1024, maxWorkGroupSize, max(64, hiddenSize * cell.gateCount * hiddenSize / 16))
            .roundedDownToPowerOfTwo
        while items > 64 && 4 * sliceRoom(cell, hiddenSize: hiddenSize, items: items) > localMemory { items /= 2 }
        return items
    }
}
