/// Recurrent layers whose time steps are one launch. Streams do not meet in the recurrence, so each core of a processor and
/// each work-group of a GPU takes a share of them through all the steps, and none waits for a launch in between.
extension OpenCLStream {
    /// The elements of the panels of U, forward, or of Uᵀ, backward.
    static func panelCount(_ cell: RecurrentCell, hiddenSize: Int) -> (forward: Int, backward: Int) {
        let columns = cell.halfSteps.compactMap(\.product).map { $0.columns(hiddenSize: hiddenSize).count }
        return (
            columns.reduce(0) { $0 + panelCount(rows: hiddenSize, columns: $1) },
            columns.reduce(0) { $0 + panelCount(rows: $1, columns: hiddenSize) }
        )
    }

    mutating func forwardFused(_ sequence: RecurrentSequence, _ weights: RecurrentWeights) throws {
        let columns = sequence.productColumns
        let product = try productMatrix(columns: columns.first?.count ?? 0, for: sequence)
        let factors = columns.map { weights.recurrent.columns($0) }
        var arguments: [any OpenCLArgument] = [sequence.gates, weights.inputBias]
        arguments += try pair(of: context.info.isProcessor ? panels(of: factors, for: sequence) : factors, sequence)
        arguments += [weights.recurrentBias, sequence.hidden, sequence.memory, sequence.intermediate, product]
        try launch("\(sequence.cell)_sequence_forward", sharesOf: sequence, arguments)
    }

    /// All but the gradients of the weights.
    mutating func backwardFused(
        _ sequence: RecurrentSequence, _ recurrent: Matrix, _ outputGradient: Matrix
    ) throws {
        let columns = sequence.productColumns
        let later = try productMatrix(columns: sequence.hiddenSize, for: sequence)
        var factors: [any OpenCLArgument]
        if context.info.isProcessor {
            factors = try panels(of: columns.map { recurrent.columns($0).transposed }, for: sequence)
        } else {
            let transposed = try transposeWeights(recurrent, for: sequence)
            factors = columns.map { transposed.rows($0) }
        }
        var arguments: [any OpenCLArgument] = [sequence.gates]
        arguments += pair(of: factors, sequence)
        arguments.append(sequence.cell.mixesHidden ? sequence.hidden : sequence.scratch[0..<0])
        arguments += [
            sequence.memory, outputGradient, later, sequence.memoryGradient, sequence.intermediateGradient,
        ]
        try launch("\(sequence.cell)_sequence_backward", sharesOf: sequence, arguments)
    }

    /// The weights of both half-steps; nothing where a half-step has none.
    private func pair(
        of factors: [any OpenCLArgument], _ sequence: RecurrentSequence
    ) -> [any OpenCLArgument] {
        factors + [any OpenCLArgument](repeating: sequence.scratch[0..<0], count: 2 - factors.count)
    }

    private mutating func launch(
        _ name: String, sharesOf sequence: RecurrentSequence, _ arguments: [any OpenCLArgument]
    ) throws {
        let (B, H, info) = (sequence.batchSize, sequence.hiddenSize, context.info)
        // A processor's share has no fewer rows than a tile of cpu.cl, or they go to waste. A GPU's has as many as gpu.cl
        // takes: each share reads all of U at each step, for which the items wait, and sums of four rows take no longer
        // than sums of one. So it is of no use that more of the GPU's units have something to do.
        let rows =
            info.isProcessor
            ? max(KernelConstants.tileRows, B.dividedRoundingUp(by: info.computeUnits)) : KernelConstants.shareRows
        try launch(
            name, groups: B.dividedRoundingUp(by: rows),
            ofAtMost: info.isProcessor ? 1 : info.shareItems(sequence.cell, hiddenSize: H),
            localFloats: { info.isProcessor ? 4 : info.shareRoom(sequence.cell, hiddenSize: H, items: $0) },
            operations: sequence.productColumns.reduce(0) { $0 + 2 * sequence.steps * B * H * $1.count },
            [sequence.steps, B, H, rows] + arguments)
    }

    /// The factors of a step's products, in the sequence's scratch memory.
    private mutating func panels(
        of factors: [Matrix], for sequence: RecurrentSequence
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

extension RecurrentSequence {
    /// The columns of U, and of the gates, of each product of a step.
    fileprivate var productColumns: [Range<Int>] {
        cell.halfSteps.compactMap(\.product).map { $0.columns(hiddenSize: hiddenSize) }
    }
}

/// What a work-group of a GPU needs for its share of the streams; see CLKernels/gpu.cl.
extension OpenCLDeviceInfo {
    /// Whether the local memory has room for a share and for a group of 64.
    package func holdsShare(_ cell: RecurrentCell, hiddenSize: Int) -> Bool {
        4 * shareRoom(cell, hiddenSize: hiddenSize, items: 64) <= localMemory
    }

    /// The floats of local memory for a group of so many items.
    fileprivate func shareRoom(_ cell: RecurrentCell, hiddenSize: Int, items: Int) -> Int {
        // A step's gradients have as many columns as the product in the forward pass.
        let columns = cell.halfSteps.compactMap { $0.product?.columns(hiddenSize: hiddenSize).count }
        return KernelConstants.shareRows * (items + (columns.max() ?? 0))
    }

    /// A group's size: many items, since all they do is wait for weights, but beyond 64 no fewer than 16 weights for each.
    fileprivate func shareItems(_ cell: RecurrentCell, hiddenSize: Int) -> Int {
        var items = min(1024, maxWorkGroupSize, max(64, hiddenSize * cell.gateCount * hiddenSize / 16))
            .roundedDownToPowerOfTwo
        while items > 64 && 4 * shareRoom(cell, hiddenSize: hiddenSize, items: items) > localMemory { items /= 2 }
        return items
    }
}
