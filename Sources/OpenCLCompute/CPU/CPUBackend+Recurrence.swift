import CPUKernels

/// The recurrent layers. Streams do not meet in the recurrence, so each thread takes some rows of the batch through
/// all the time steps, without waiting for the others in between.
extension CPUBackend {
    /// Packing the weights costs more than it brings where they are used once, or for fewer rows in all than this. (A
    /// sequence for training packs them all the same: its backward pass has to.)
    private static let packingRows = 8

    func recurrentScratchCount(
        _ cell: RecurrentCell, steps: Int, batchSize: Int, hiddenSize: Int, forTraining: Bool
    ) -> Int {
        guard forTraining || steps > 1 && steps * batchSize >= Self.packingRows else { return 0 }
        // The gates of each product: those of a GRU make two.
        let products = cell == .gru ? [2, 1] : [cell.gateCount]
        let forward = products.reduce(0) { $0 + cpu_packed_count(hiddenSize, $1 * hiddenSize) }
        let backward = products.reduce(0) { $0 + cpu_packed_count($1 * hiddenSize, hiddenSize) }
        return forTraining ? max(forward, backward) : forward
    }

    func forward(_ sequence: RecurrentSequence, weights: RecurrentWeights) {
        checkRecurrence(sequence, weights)
        let run = Unrolled(sequence, weights)
        let h = sequence.hiddenSize
        switch sequence.cell {
        case .lstm, .rnn:
            let u = Factor(weights.recurrent, columns: 0..<run.width, packedInto: run.scratch, on: self)
            eachSlice(of: sequence) { rows in
                for t in 0..<sequence.steps {
                    u.multiply(run.hidden(t, rows), h, into: run.gates(t, rows), run.width, rows, adding: true)
                    if sequence.cell == .lstm {
                        cpu_lstm_forward(
                            run.gates(t, rows), run.inputBias, run.recurrentBias, run.memory(t, rows),
                            run.memory(t + 1, rows), run.hidden(t + 1, rows), rows.count, h)
                    } else {
                        cpu_rnn_forward(
                            run.gates(t, rows), run.inputBias, run.recurrentBias, run.hidden(t + 1, rows),
                            rows.count, h)
                    }
                }
            }
        case .gru:
            let uResetUpdate = Factor(weights.recurrent, columns: 0..<2 * h, packedInto: run.scratch, on: self)
            let uCandidate = Factor(
                weights.recurrent, columns: 2 * h..<3 * h,
                packedInto: run.scratch.map { $0 + cpu_packed_count(h, 2 * h) }, on: self)
            eachSlice(of: sequence) { rows in
                for t in 0..<sequence.steps {
                    let gates = run.gates(t, rows)
                    let before = run.hidden(t, rows)
                    let reset = run.memory(t, rows)
                    uResetUpdate.multiply(before, h, into: gates, run.width, rows, adding: true)
                    cpu_gru_reset_forward(
                        gates, run.inputBias, run.recurrentBias, before, reset, rows.count, h)
                    uCandidate.multiply(reset, h, into: gates + 2 * h, run.width, rows, adding: true)
                    cpu_gru_output_forward(
                        gates, run.inputBias, run.recurrentBias, before, run.hidden(t + 1, rows), rows.count, h)
                }
            }
        }
    }

    func backward(
        _ sequence: RecurrentSequence, weights: RecurrentWeights, outputGradient: Matrix, gradient: RecurrentWeights
    ) throws {
        checkBackward(sequence, weights, outputGradient: outputGradient, gradient: gradient)
        fill(sequence.carry.elements, with: 0)
        switch sequence.cell {
        case .lstm, .rnn: backwardThroughGates(sequence, weights, outputGradient)
        case .gru: backwardThroughGRU(sequence, weights, outputGradient)
        }
        weightGradient(sequence, into: gradient.recurrent)
        columnSums(of: sequence.gates, into: gradient.inputBias)
        copy(gradient.inputBias, to: gradient.recurrentBias)
    }

    private func backwardThroughGates(
        _ sequence: RecurrentSequence, _ weights: RecurrentWeights, _ outputGradient: Matrix
    ) {
        let run = Unrolled(sequence, weights)
        let h = sequence.hiddenSize
        let uTransposed = Factor(
            transposeOf: weights.recurrent, columns: 0..<run.width, packedInto: run.scratch, on: self)
        eachSlice(of: sequence) { rows in
            let dOutputs = outputGradient.pointer()
            for t in (0..<sequence.steps).reversed() {
                let dHidden = dOutputs + (t * sequence.batchSize + rows.lowerBound) * h
                if sequence.cell == .lstm {
                    cpu_lstm_backward(
                        run.gates(t, rows), run.memory(t, rows), run.memory(t + 1, rows), dHidden, run.carry(rows),
                        rows.count, h)
                } else {
                    cpu_rnn_backward(run.gates(t, rows), dHidden, rows.count, h)
                }
                if t > 0 {
                    uTransposed.multiply(
                        run.gates(t, rows), run.width, into: dHidden - sequence.batchSize * h, h, rows, adding: true)
                }
            }
        }
    }

    private func backwardThroughGRU(
        _ sequence: RecurrentSequence, _ weights: RecurrentWeights, _ outputGradient: Matrix
    ) {
        let run = Unrolled(sequence, weights)
        let h = sequence.hiddenSize
        let uResetUpdate = Factor(transposeOf: weights.recurrent, columns: 0..<2 * h, packedInto: run.scratch, on: self)
        let uCandidate = Factor(
            transposeOf: weights.recurrent, columns: 2 * h..<3 * h,
            packedInto: run.scratch.map { $0 + cpu_packed_count(2 * h, h) }, on: self)
        eachSlice(of: sequence) { rows in
            let dOutputs = outputGradient.pointer()
            for t in (0..<sequence.steps).reversed() {
                let dHidden = dOutputs + (t * sequence.batchSize + rows.lowerBound) * h
                let dBefore = t > 0 ? dHidden - sequence.batchSize * h : nil
                let gates = run.gates(t, rows)
                let before = run.hidden(t, rows)
                let dReset = run.carry(rows)
                cpu_gru_output_backward(gates, before, dHidden, dBefore, rows.count, h)
                uCandidate.multiply(gates + 2 * h, run.width, into: dReset, h, rows, adding: false)
                cpu_gru_reset_backward(gates, before, dReset, dBefore, rows.count, h)
                if let dBefore {
                    uResetUpdate.multiply(gates, run.width, into: dBefore, h, rows, adding: true)
                }
            }
        }
    }

    /// The gradient of U: the states that were multiplied by it, transposed, times the gradient of the arguments.
    private func weightGradient(_ sequence: RecurrentSequence, into gradient: Matrix) {
        let h = sequence.hiddenSize
        let width = sequence.cell.gateCount * h
        func columns(_ range: Range<Int>, from states: UnsafeMutablePointer<Float>) {
            product(
                Operand(states, stride: h, isTransposed: true),
                Operand(sequence.gates.pointer() + range.lowerBound, stride: width, isTransposed: false),
                into: gradient.pointer() + range.lowerBound, stride: width, rows: h, columns: range.count,
                depth: sequence.steps * sequence.batchSize, adding: false)
        }
        switch sequence.cell {
        case .lstm, .rnn: columns(0..<width, from: sequence.hidden.pointer())
        case .gru:
            columns(0..<2 * h, from: sequence.hidden.pointer())
            columns(2 * h..<3 * h, from: sequence.memory.pointer())
        }
    }

    /// Rows of the batch for each thread; short work stays on the calling thread.
    private func eachSlice(of sequence: RecurrentSequence, _ body: @Sendable (Range<Int>) -> Void) {
        let operationsPerRow = sequence.steps * sequence.cell.gateCount * sequence.hiddenSize * sequence.hiddenSize
        parallel(sequence.batchSize, grain: max(1, 1_000_000 / operationsPerRow), body)
    }
}

/// The pointers of a sequence, by time step and rows of the batch.
private struct Unrolled: @unchecked Sendable {
    private let gatesStart, hiddenStart, memoryStart, carryStart: UnsafeMutablePointer<Float>
    private let batchSize, hiddenSize: Int
    let inputBias, recurrentBias: UnsafePointer<Float>
    let scratch: UnsafeMutablePointer<Float>?
    /// G·H
    let width: Int

    init(_ sequence: RecurrentSequence, _ weights: RecurrentWeights) {
        gatesStart = sequence.gates.pointer()
        hiddenStart = sequence.hidden.pointer()
        memoryStart = sequence.memory.pointer()
        carryStart = sequence.carry.pointer()
        batchSize = sequence.batchSize
        hiddenSize = sequence.hiddenSize
        inputBias = UnsafePointer(weights.inputBias.pointer)
        recurrentBias = UnsafePointer(weights.recurrentBias.pointer)
        scratch = sequence.scratch.count > 0 ? sequence.scratch.pointer : nil
        width = sequence.cell.gateCount * hiddenSize
    }

    func gates(_ t: Int, _ rows: Range<Int>) -> UnsafeMutablePointer<Float> {
        gatesStart + (t * batchSize + rows.lowerBound) * width
    }
    func hidden(_ t: Int, _ rows: Range<Int>) -> UnsafeMutablePointer<Float> {
        hiddenStart + (t * batchSize + rows.lowerBound) * hiddenSize
    }
    func memory(_ t: Int, _ rows: Range<Int>) -> UnsafeMutablePointer<Float> {
        memoryStart + (t * batchSize + rows.lowerBound) * hiddenSize
    }
    func carry(_ rows: Range<Int>) -> UnsafeMutablePointer<Float> { carryStart + rows.lowerBound * hiddenSize }
}

/// The right factor of a recurrent product: some columns of U or their transpose, packed where there is room.
private struct Factor: @unchecked Sendable {
    private let elements: UnsafePointer<Float>
    private let stride: Int
    private let isPacked: Bool
    private let rowCount, columnCount: Int
    private let backend: CPUBackend

    /// U[:, columns].
    init(
        _ u: Matrix, columns: Range<Int>, packedInto scratch: UnsafeMutablePointer<Float>?, on backend: CPUBackend
    ) {
        if let scratch {
            backend.pack(
                CPUBackend.Operand(u.pointer(), stride: u.columns, isTransposed: false), columns: columns,
                depth: u.rows, into: scratch)
        }
        elements = UnsafePointer(scratch ?? u.pointer() + columns.lowerBound)
        stride = u.columns
        isPacked = scratch != nil
        rowCount = u.rows
        columnCount = columns.count
        self.backend = backend
    }

    /// U[:, columns]ᵀ, which needs the room.
    init(
        transposeOf u: Matrix, columns: Range<Int>, packedInto scratch: UnsafeMutablePointer<Float>?,
        on backend: CPUBackend
    ) {
        guard let scratch else { preconditionFailure("a backward pass over a sequence without scratch memory") }
        backend.pack(
            CPUBackend.Operand(u.pointer() + columns.lowerBound, stride: u.columns, isTransposed: true),
            columns: 0..<u.rows, depth: columns.count, into: scratch)
        elements = UnsafePointer(scratch)
        stride = 0
        isPacked = true
        rowCount = columns.count
        columnCount = u.rows
        self.backend = backend
    }

    /// result (+)= a · factor, for `rows.count` rows of a and of the result.
    func multiply(
        _ a: UnsafePointer<Float>, _ aStride: Int, into result: UnsafeMutablePointer<Float>, _ resultStride: Int,
        _ rows: Range<Int>, adding: Bool
    ) {
        if isPacked {
            cpu_product_packed(
                a, aStride, elements, result, resultStride, rows.count, columnCount, rowCount, adding)
        } else {
            backend.product(
                CPUBackend.Operand(a, stride: aStride, isTransposed: false),
                CPUBackend.Operand(elements, stride: stride, isTransposed: false), into: result, stride: resultStride,
                rows: rows.count, columns: columnCount, depth: rowCount, adding: adding)
        }
    }
}
