/// Recurrent layers step by step, on GPUs: a half-step of the cell is one launch, in which each work-group computes the part
/// of the product that its units and streams need. CLKernels/step.cl has the kernels.
extension OpenCLStream {
    mutating func forwardWholeSteps(_ sequence: RecurrentSequence, _ weights: RecurrentWeights) throws {
        let (cell, B, H) = (sequence.cell, sequence.batchSize, sequence.hiddenSize)
        let name = "\(cell)_whole_step_forward"
        // A driver may allow a kernel less than the device.
        guard try kernel(name).maxGroupSize >= OpenCLDeviceInfo.tileItems else {
            return try forwardSteps(sequence, weights)
        }
        let none = weights.recurrentBias[0..<0]
        for t in 0..<sequence.steps {
            let before = sequence.rows(of: sequence.hidden, at: t)
            for (index, half) in cell.halfSteps.enumerated() {
                let factor = half.product!
                let columns = factor.columns(hiddenSize: H)
                let product = try productMatrix(columns: columns.count, for: sequence)
                let gates = sequence.rows(of: sequence.gates, at: t)
                let states = factor.factor == .hidden ? before : sequence.rows(of: sequence.intermediate, at: t)
                try launch(
                    name, tilesOf: factor.gates.count, depth: H, factors: factor.stateCount, sequence,
                    [
                        index, B, H, states, weights.recurrent.columns(factor.weights(of: 0, hiddenSize: H)), gates,
                        weights.inputBias, product,
                        weights.recurrentBias, cell.mixesHidden ? before : none as any OpenCLArgument,
                        sequence.rows(of: sequence.memory, at: t), sequence.rows(of: sequence.intermediate, at: t),
                        sequence.rows(of: sequence.hidden, at: t + 1), sequence.rows(of: sequence.memory, at: t + 1),
                    ])
            }
        }
    }

    /// All but the gradients of the weights. The product that a half-step needs is that of the one next in time.
    mutating func backwardWholeSteps(
        _ sequence: RecurrentSequence, _ recurrent: Matrix, _ outputGradient: Matrix
    ) throws {
        let (cell, B, H) = (sequence.cell, sequence.batchSize, sequence.hiddenSize)
        let name = "\(cell)_whole_step_backward"
        guard try kernel(name).maxGroupSize >= OpenCLDeviceInfo.tileItems else {
            return try backwardSteps(sequence, recurrent, outputGradient)
        }
        let transposed = try transposeWeights(recurrent, for: sequence)
        let none = sequence.scratch[0..<0]
        let product = try productMatrix(columns: H, for: sequence)
        for t in (0..<sequence.steps).reversed() {
            let isLast = t == sequence.steps - 1
            for index in cell.halfSteps.indices.reversed() {
                let isLastHalf = index == cell.halfSteps.count - 1
                let later = cell.halfSteps[isLastHalf ? 0 : index + 1].product!
                let columns = later.columns(hiddenSize: H)
                let next = sequence.rows(of: sequence.gates, at: isLastHalf && !isLast ? t + 1 : t)
                try launch(
                    name, tilesOf: 1, depth: columns.count, factors: isLastHalf && isLast ? 0 : later.stateCount,
                    sequence,
                    [
                        index, B, H, t == 0 ? 1 : 0, isLast ? 1 : 0, next.columns(columns),
                        transposed.rows(later.weights(of: 0, hiddenSize: H)),
                        sequence.rows(of: sequence.gates, at: t),
                        cell.mixesHidden ? sequence.rows(of: sequence.hidden, at: t) : none as any OpenCLArgument,
                        sequence.rows(of: sequence.memory, at: t), sequence.rows(of: sequence.memory, at: t + 1),
                        sequence.rows(of: outputGradient, at: t), product,
                        cell.mixesHidden
                            ? sequence.rows(of: outputGradient, at: max(t - 1, 0)) : none as any OpenCLArgument,
                        sequence.memoryGradient, sequence.intermediateGradient,
                    ])
            }
        }
    }

    /// Queues a half-step with a work-group for each tile of its product, which has columns of so many gates and is a sum
    /// over `depth` for each of its factors; the last half-step of the last time step has none.
    private mutating func launch(
        _ name: String, tilesOf gates: Int, depth: Int, factors: Int, _ sequence: RecurrentSequence,
        _ arguments: [any OpenCLArgument]
    ) throws {
        let (B, H) = (sequence.batchSize, sequence.hiddenSize)
        let units = KernelConstants.stepColumns / 4 * (4 / gates)
        try launch(
            name,
            groups: B.dividedRoundingUp(by: KernelConstants.stepRows) * H.dividedRoundingUp(by: units),
            ofAtMost: context.info.tileItems(depth: depth),
            localFloats: { $0 / OpenCLDeviceInfo.tileItems * OpenCLDeviceInfo.tileRoom },
            operations: factors * 2 * B * H * gates * depth, arguments)
    }
}

/// What a work-group of a GPU needs for a tile; see CLKernels/step.cl.
extension OpenCLDeviceInfo {
    /// The items that sum up a tile, or a part of its depth.
    fileprivate static let tileItems = KernelConstants.stepRows * KernelConstants.stepColumns / 16
    /// The floats of local memory for these: STEP_ROOM vectors of four.
    fileprivate static let tileRoom =
        KernelConstants.stepDepth * (KernelConstants.stepRows + 4 + KernelConstants.stepColumns)

    /// Whether a tile has room.
    var holdsTile: Bool { maxWorkGroupSize >= Self.tileItems && 4 * Self.tileRoom <= localMemory }

    /// A group's size: up to four parts, none of which is summed up in less than two turns.
    fileprivate func tileItems(depth: Int) -> Int {
        var parts = 1
        while parts < 4 && 2 * parts * Self.tileItems <= maxWorkGroupSize && 8 * parts * Self.tileRoom <= localMemory
            && depth >= 4 * parts * KernelConstants.stepDepth
        {
            parts *= 2
        }
        return parts * Self.tileItems
    }
}
