/// Recurrent layers on processors. Streams do not meet in the recurrence, so each core takes a slice of them through all
/// the time steps, with U in panels, in one launch; a launch a step would cost a processor as much as the step.
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
        let panels = try panels(of: columns.map { OpenCLMatrix(weights.recurrent, columns: $0) }, for: sequence)
        let product = try productMatrix(columns: columns[0].count, for: sequence)
        var arguments: [any OpenCLArgument] = [sequence.gates, weights.inputBias]
        arguments += panels
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
        let panels = try panels(of: columns.map { OpenCLMatrix(recurrent, columns: $0).transposed }, for: sequence)
        let later = try productMatrix(columns: sequence.hiddenSize, for: sequence)
        var arguments: [any OpenCLArgument] = [sequence.gates]
        arguments += panels
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
        let (B, H) = (sequence.batchSize, sequence.hiddenSize)
        // No fewer than a tile of panels.cl has, or its rows go to waste.
        let rows = max(Self.tileRows, B.dividedRoundingUp(by: context.info.computeUnits))
        try launchAlone(
            name, columns: B.dividedRoundingUp(by: rows), [sequence.steps, B, H, rows] + arguments)
    }

    /// The factors of a step's products, in the sequence's scratch memory.
    private mutating func panels(
        of factors: [OpenCLMatrix], for sequence: RecurrentSequence
    ) throws -> [Buffer<Float>] {
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
