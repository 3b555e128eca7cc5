/// Recurrent layers whose time steps are one launch. Streams do not meet in the recurrence, so each core of a processor and
/// each work-group of a GPU takes a share of them through all the steps, and none waits for a launch in between.
extension OpenCLStream {
    /// The elements of the panels of U, forward, or of Uᵀ, backward.
    static func panelCount(_ cell: RecurrentCell, hiddenSize: Int) -> (forward: Int, backward: Int) {
        let factors = cell.factorColumns(hiddenSize: hiddenSize)
        return (
            factors.reduce(0) { $0 + panelCount(rows: hiddenSize, columns: $1.count) },
            factors.reduce(0) { $0 + panelCount(rows: $1.count, columns: hiddenSize) }
        )
    }

    mutating func forwardFused(_ sequence: RecurrentSequence, _ weights: RecurrentWeights) throws {
        let columns = sequence.cell.halfSteps.compactMap { $0.product?.columns(hiddenSize: sequence.hiddenSize).count }
        let product = try productMatrix(columns: columns.max() ?? 0, for: sequence)
        let recurrent = weights.recurrent
        let factors: any OpenCLArgument =
            context.info.isProcessor
            ? try panels(
                of: sequence.cell.factorColumns(hiddenSize: sequence.hiddenSize).map { recurrent.columns($0) },
                for: sequence) : recurrent
        try launch(
            "\(sequence.cell)_sequence_forward", sharesOf: sequence,
            [
                sequence.gates, weights.inputBias, factors, weights.recurrentBias, sequence.hidden, sequence.memory,
                sequence.intermediate, product,
            ])
    }

    /// All but the gradients of the weights.
    mutating func backwardFused(
        _ sequence: RecurrentSequence, _ recurrent: Matrix, _ outputGradient: Matrix
    ) throws {
        let later = try productMatrix(columns: sequence.hiddenSize, for: sequence)
        let factors: any OpenCLArgument =
            context.info.isProcessor
            ? try panels(
                of: sequence.cell.factorColumns(hiddenSize: sequence.hiddenSize).map {
                    recurrent.columns($0).transposed
                }, for: sequence)
            : try transposeWeights(recurrent, for: sequence)
        try launch(
            "\(sequence.cell)_sequence_backward", sharesOf: sequence,
            [
                sequence.gates, factors,
                sequence.cell.mixesHidden ? sequence.hidden : sequence.scratch[0..<0] as any OpenCLArgument,
                sequence.memory, outputGradient, later, sequence.memoryGradient, sequence.intermediateGradient,
            ])
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
            operations: 2 * sequence.steps * B * H * sequence.cell.recurrentMatrixCount * H,
            [sequence.steps, B, H, rows] + arguments)
    }

    /// The right factors of a step's products one behind the other, in the sequence's scratch memory.
    private mutating func panels(of factors: [Matrix], for sequence: RecurrentSequence) throws -> Buffer<Float> {
        var start = 0
        for factor in factors {
            let end = start + Self.panelCount(rows: factor.rows, columns: factor.columns)
            try pack(factor, into: sequence.scratch[start..<end])
            start = end
        }
        return sequence.scratch[0..<start]
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
        let matrices = max(cell.gateCount, cell.recurrentMatrixCount)
        var items = min(1024, maxWorkGroupSize, max(64, hiddenSize * matrices * hiddenSize / 16))
            .roundedDownToPowerOfTwo
        while items > 64 && 4 * shareRoom(cell, hiddenSize: hiddenSize, items: items) > localMemory { items /= 2 }
        return items
    }
}
