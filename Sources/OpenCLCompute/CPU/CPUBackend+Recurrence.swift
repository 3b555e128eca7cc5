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
        let products = cell.halfSteps.compactMap(\.product).map { $0.columns(hiddenSize: hiddenSize).count }
        let forward = products.reduce(0) { $0 + cpu_packed_count(hiddenSize, $1) }
        let backward = products.reduce(0) { $0 + cpu_packed_count($1, hiddenSize) }
        return forTraining ? max(forward, backward) : forward
    }

    func forward(_ sequence: RecurrentSequence, weights: RecurrentWeights) {
        checkRecurrence(sequence, weights)
        let run = UnrolledPointers(sequence, weights)
        let steps = recurrentSteps(of: sequence, weights)
        let h = sequence.hiddenSize
        eachShare(of: sequence) { rows in
            for t in 0..<sequence.steps {
                let gates = run.gates(t, rows)
                for step in steps {
                    if let u = step.weights {
                        u.multiply(
                            run.factor(step.factor, t, rows), h, into: gates + step.firstColumn, run.width, rows,
                            adding: true)
                    }
                    step.half.forward(
                        gates, run.inputBias, run.recurrentBias, run.hidden(t, rows), run.memory(t, rows),
                        run.intermediate(t, rows), run.hidden(t + 1, rows), run.memory(t + 1, rows), rows.count, h)
                }
            }
        }
    }

    func backward(_ sequence: RecurrentSequence, weights: RecurrentWeights, outputGradient: Matrix) {
        checkBackward(sequence, weights, outputGradient: outputGradient)
        fill(sequence.memoryGradient.elements, with: 0)
        let run = UnrolledPointers(sequence, weights)
        let steps = recurrentSteps(of: sequence, weights, transposed: true)
        let h = sequence.hiddenSize
        eachShare(of: sequence) { rows in
            let outputGradients = outputGradient.pointer()
            for t in (0..<sequence.steps).reversed() {
                let gates = run.gates(t, rows)
                let gradient = outputGradients + (t * sequence.batchSize + rows.lowerBound) * h
                // The state before the first step is no output and gets no gradient.
                let gradientBefore = t > 0 ? gradient - sequence.batchSize * h : nil
                let intermediateGradient = run.intermediateGradient(rows)
                for step in steps.reversed() {
                    step.half.backward(
                        gates, run.hidden(t, rows), run.memory(t, rows), run.memory(t + 1, rows), gradient,
                        gradientBefore, run.memoryGradient(rows), intermediateGradient, rows.count, h)
                    guard let u = step.weights else { continue }
                    let gatesGradient = gates + step.firstColumn
                    switch step.factor {
                    case .intermediate:
                        u.multiply(gatesGradient, run.width, into: intermediateGradient, h, rows, adding: false)
                    case .hidden:
                        guard let gradientBefore else { break }
                        u.multiply(gatesGradient, run.width, into: gradientBefore, h, rows, adding: true)
                    }
                }
            }
        }
    }

    /// Rows of the batch for each thread; short work stays on the calling thread.
    private func eachShare(of sequence: RecurrentSequence, _ body: @Sendable (Range<Int>) -> Void) {
        // Without a product only the gates are left, some 32 operations each.
        let depth = sequence.cell.hasRecurrentProduct ? sequence.hiddenSize : 32
        let operationsPerRow = sequence.steps * sequence.cell.gateCount * sequence.hiddenSize * depth
        parallel(sequence.batchSize, grain: max(1, 500_000 / operationsPerRow), body)
    }

    /// The half-steps of the cell with their weights, which are packed one after the other where there is room.
    private func recurrentSteps(
        of sequence: RecurrentSequence, _ weights: RecurrentWeights, transposed: Bool = false
    ) -> [RecurrentStep] {
        var room = sequence.scratch.count > 0 ? sequence.scratch.pointer : nil
        precondition(room != nil || !transposed || !sequence.cell.hasRecurrentProduct, "no room for a backward pass")
        let u = HostMatrix(weights.recurrent)
        return sequence.cell.halfSteps.map { half in
            guard let product = half.product else { return RecurrentStep(half: half, factor: .hidden, firstColumn: 0) }
            let columns = product.columns(hiddenSize: sequence.hiddenSize)
            let part = transposed ? u.columns(columns).transposed : u.columns(columns)
            let first = columns.lowerBound
            if !transposed, let panels = PackedPanels(of: weights.recurrent), first % Int(cpu_panel_width) == 0 {
                let factor = RecurrentFactor(part, packed: panels.from(column: first, depth: part.rows), on: self)
                return RecurrentStep(half: half, factor: product.factor, firstColumn: first, weights: factor)
            }
            let factor = RecurrentFactor(part, packedInto: room, on: self)
            room = room.map { $0 + cpu_packed_count(part.rows, part.columns) }
            return RecurrentStep(half: half, factor: product.factor, firstColumn: first, weights: factor)
        }
    }
}

/// A half-step at work.
private struct RecurrentStep: Sendable {
    let half: HalfStep
    let factor: HalfStep.Factor
    /// Of the gates that its product belongs to.
    let firstColumn: Int
    var weights: RecurrentFactor?
}

/// The right factor of a recurrent product, packed where there is room.
private struct RecurrentFactor: @unchecked Sendable {
    // Unchecked because of the pointer into the sequence's scratch memory.
    private let weights: HostMatrix
    private let packed: PackedPanels?
    private let backend: CPUBackend

    init(_ weights: HostMatrix, packedInto room: UnsafeMutablePointer<Float>?, on backend: CPUBackend) {
        if let room { backend.pack(weights, into: room) }
        self.init(weights, packed: room.map { .floats($0) }, on: backend)
    }

    init(_ weights: HostMatrix, packed: PackedPanels?, on backend: CPUBackend) {
        self.weights = weights
        self.backend = backend
        self.packed = packed
    }

    /// result (+)= a · weights, for `rows.count` rows of a and of the result.
    func multiply(
        _ a: UnsafePointer<Float>, _ aStride: Int, into result: UnsafeMutablePointer<Float>, _ resultStride: Int,
        _ rows: Range<Int>, adding: Bool
    ) {
        let depth = weights.rows
        if let packed, rows.count == 1 {
            // There is no other row for another thread: it takes other columns, as soon as they are 10 µs of work.
            nonisolated(unsafe) let (a, result) = (a, result)
            let grain = (1 << 17) * packed.speed / depth
            backend.parallel(weights.columns, grain: grain, alignment: Int(cpu_panel_width)) { columns in
                packed.from(column: columns.lowerBound, depth: depth).multiply(
                    a, aStride, into: result + columns.lowerBound, resultStride, rows: 1, columns: columns.count,
                    depth: depth, adding: adding)
            }
        } else if let packed {
            packed.multiply(
                a, aStride, into: result, resultStride, rows: rows.count, columns: weights.columns, depth: depth,
                adding: adding)
        } else {
            backend.multiply(
                HostMatrix(a, rows: rows.count, columns: depth, stride: aStride), weights, into: result,
                stride: resultStride, adding: adding)
        }
    }
}

/// The pointers of a sequence, by time step and rows of the batch. What the cell has not is one address for all.
private struct UnrolledPointers: @unchecked Sendable {
    private typealias Pointer = UnsafeMutablePointer<Float>
    private let gatesStart, hiddenStart, memoryStart, intermediateStart: Pointer
    private let memoryGradientStart, intermediateGradientStart: Pointer
    private let batchSize, hiddenSize, memorySize, intermediateSize: Int
    let inputBias, recurrentBias: UnsafePointer<Float>
    /// G·H
    let width: Int

    init(_ sequence: RecurrentSequence, _ weights: RecurrentWeights) {
        gatesStart = sequence.gates.pointer()
        hiddenStart = sequence.hidden.pointer()
        memoryStart = sequence.memory.pointer()
        intermediateStart = sequence.intermediate.pointer()
        memoryGradientStart = sequence.memoryGradient.pointer()
        intermediateGradientStart = sequence.intermediateGradient.pointer()
        batchSize = sequence.batchSize
        hiddenSize = sequence.hiddenSize
        memorySize = sequence.cell.carriesMemory ? hiddenSize : 0
        intermediateSize = sequence.cell.hasIntermediate ? hiddenSize : 0
        inputBias = UnsafePointer(weights.inputBias.pointer)
        recurrentBias = UnsafePointer(weights.recurrentBias.pointer)
        width = sequence.cell.gateCount * hiddenSize
    }

    private func row(_ t: Int, _ rows: Range<Int>) -> Int { t * batchSize + rows.lowerBound }

    func gates(_ t: Int, _ rows: Range<Int>) -> UnsafeMutablePointer<Float> { gatesStart + row(t, rows) * width }
    func hidden(_ t: Int, _ rows: Range<Int>) -> UnsafeMutablePointer<Float> { hiddenStart + row(t, rows) * hiddenSize }
    func memory(_ t: Int, _ rows: Range<Int>) -> UnsafeMutablePointer<Float> { memoryStart + row(t, rows) * memorySize }
    func intermediate(_ t: Int, _ rows: Range<Int>) -> UnsafeMutablePointer<Float> {
        intermediateStart + row(t, rows) * intermediateSize
    }
    func factor(_ factor: HalfStep.Factor, _ t: Int, _ rows: Range<Int>) -> UnsafePointer<Float> {
        UnsafePointer(factor == .hidden ? hidden(t, rows) : intermediate(t, rows))
    }
    func memoryGradient(_ rows: Range<Int>) -> UnsafeMutablePointer<Float> {
        memoryGradientStart + rows.lowerBound * memorySize
    }
    func intermediateGradient(_ rows: Range<Int>) -> UnsafeMutablePointer<Float> {
        intermediateGradientStart + rows.lowerBound * intermediateSize
    }
}
