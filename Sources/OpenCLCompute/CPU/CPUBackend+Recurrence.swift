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
        let factors = cell.factorColumns(hiddenSize: hiddenSize)
        let forward = factors.reduce(0) { $0 + cpu_packed_count(hiddenSize, $1.count) }
        let backward = factors.reduce(0) { $0 + cpu_packed_count($1.count, hiddenSize) }
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
                        let (states, stride) = run.factor(step.factor, t, rows)
                        u.multiply(
                            states + step.state * h, stride, into: gates + step.firstColumn, run.width, rows,
                            adding: step.addsForward)
                    }
                    step.half?.forward(
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
                    step.half?.backward(
                        gates, run.hidden(t, rows), run.memory(t, rows), run.memory(t + 1, rows), gradient,
                        gradientBefore, run.memoryGradient(rows), intermediateGradient, rows.count, h)
                    guard let u = step.weights else { continue }
                    let gatesGradient = gates + step.firstColumn
                    switch step.factor {
                    case .intermediates:
                        u.multiply(
                            gatesGradient, run.width, into: intermediateGradient + step.state * h, run.intermediateSize,
                            rows, adding: step.addsBackward)
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
        let width = max(sequence.cell.gateCount, sequence.cell.recurrentMatrixCount) * sequence.hiddenSize
        let operationsPerRow = sequence.steps * width * depth
        parallel(sequence.batchSize, grain: max(1, 500_000 / operationsPerRow), body)
    }

    /// The products of the cell's half-steps with their weights, which are packed one after the other where there is room.
    private func recurrentSteps(
        of sequence: RecurrentSequence, _ weights: RecurrentWeights, transposed: Bool = false
    ) -> [RecurrentStep] {
        let (cell, h) = (sequence.cell, sequence.hiddenSize)
        var room = sequence.scratch.count > 0 ? sequence.scratch.pointer : nil
        precondition(room != nil || !transposed || !cell.hasRecurrentProduct, "no room for a backward pass")
        let u = HostMatrix(weights.recurrent)
        var arranged = transposed ? nil : weights.factors?.makeIterator()
        func nextFactor(_ columns: Range<Int>) -> RecurrentFactor {
            let part = transposed ? u.columns(columns).transposed : u.columns(columns)
            if let matrix = arranged?.next(), let panels = PackedPanels(of: matrix) {
                return RecurrentFactor(part, packed: panels, on: self)
            }
            defer { room = room.map { $0 + cpu_packed_count(part.rows, part.columns) } }
            return RecurrentFactor(part, packedInto: room, on: self)
        }
        var steps: [RecurrentStep] = []
        for (index, half) in cell.halfSteps.enumerated() {
            guard let product = half.product else {
                steps.append(RecurrentStep(half: half))
                continue
            }
            for state in 0..<product.stateCount {
                steps.append(
                    RecurrentStep(
                        half: state == product.stateCount - 1 ? half : nil, factor: product.factor, state: state,
                        firstColumn: product.columns(hiddenSize: h).lowerBound,
                        addsForward: state > 0 || cell.inputGates.overlaps(product.gates),
                        addsBackward: cell.isMultipliedLater(index),
                        weights: nextFactor(product.weights(of: state, hiddenSize: h))))
            }
        }
        return steps
    }
}

/// A product at work, and the half-step that follows when its sum is complete.
private struct RecurrentStep: Sendable {
    let half: HalfStep?
    var factor = HalfStep.Factor.hidden
    /// Which of the factor's states is multiplied.
    var state = 0
    /// Of the gates that the product belongs to.
    var firstColumn = 0
    /// Whether there is something already to which the product is added: an input product, or that of another state.
    var addsForward = false
    /// The same of the gradient of the state; see ``RecurrentCell/isMultipliedLater(_:)``.
    var addsBackward = false
    /// Nil where there is none.
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
            packed.multiplyRow(a, into: result, columns: weights.columns, depth: depth, adding: adding, on: backend)
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
    private let batchSize, hiddenSize, memorySize: Int
    /// The columns of what a step makes for its later products.
    let intermediateSize: Int
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
        intermediateSize = sequence.cell.intermediateCount * hiddenSize
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
    /// What is multiplied, and how far its rows are apart.
    func factor(_ factor: HalfStep.Factor, _ t: Int, _ rows: Range<Int>) -> (UnsafePointer<Float>, stride: Int) {
        switch factor {
        case .hidden: (UnsafePointer(hidden(t, rows)), hiddenSize)
        case .intermediates: (UnsafePointer(intermediate(t, rows)), intermediateSize)
        }
    }
    func memoryGradient(_ rows: Range<Int>) -> UnsafeMutablePointer<Float> {
        memoryGradientStart + rows.lowerBound * memorySize
    }
    func intermediateGradient(_ rows: Range<Int>) -> UnsafeMutablePointer<Float> {
        intermediateGradientStart + rows.lowerBound * intermediateSize
    }
}
