import OpenCLCompute
import TestSupport
import Testing

/// A recurrent layer with numbers in it, and what double precision makes of them.
struct RecurrentExample: Sendable, CustomTestStringConvertible {
    let cell: RecurrentCell
    let steps, batchSize, hiddenSize: Int
    /// NaN for the gates that see no input.
    let inputs: [Float]
    let hidden, memory, recurrent, inputBias, recurrentBias: [Float]
    /// The loss's gradient with respect to the outputs.
    let lossWeights: [Float]
    let reference: ReferenceRecurrence
    let activations: ReferenceRecurrence.Activations

    var stateCount: Int { batchSize * hiddenSize }
    var testDescription: String { "\(cell) of \(steps) steps × \(batchSize) streams × \(hiddenSize) units" }

    init(
        _ cell: RecurrentCell, steps: Int, batchSize: Int, hiddenSize: Int, inputRange: ClosedRange<Float> = -1...1,
        recurrent: [Float]? = nil
    ) {
        var numbers = Numbers()
        let (state, width) = (batchSize * hiddenSize, cell.gateCount * hiddenSize)
        // Weights that keep the gates' arguments near 1 whatever the size, so that no gate is idle or saturated.
        let weightRange = 1.5 / Float(hiddenSize).squareRoot()
        self.cell = cell
        self.steps = steps
        self.batchSize = batchSize
        self.hiddenSize = hiddenSize
        inputs = numbers.floats(steps * batchSize * width, in: inputRange).enumerated().map { index, number in
            cell.inputGates.contains(index % width / hiddenSize) ? number : .nan
        }
        hidden = numbers.floats(state)
        memory = numbers.floats(cell.carriesMemory ? state : 0)
        let weights = numbers.floats(
            hiddenSize * cell.recurrentMatrixCount * hiddenSize, in: -weightRange...weightRange)
        self.recurrent = recurrent ?? weights
        inputBias = numbers.floats(width, in: -0.5...0.5)
        recurrentBias = numbers.floats(cell.hasRecurrentProduct ? width : 0, in: -0.5...0.5)
        lossWeights = numbers.floats(steps * state)
        reference = ReferenceRecurrence(
            cell, steps: steps, batchSize: batchSize, hiddenSize: hiddenSize,
            inputs: inputs.map { $0.isNaN ? 0 : Double($0) },
            hidden: hidden.asDoubles, memory: memory.asDoubles, recurrent: self.recurrent.asDoubles,
            inputBias: inputBias.asDoubles, recurrentBias: recurrentBias.asDoubles)
        activations = reference.forward()
    }

    /// Single elements, odd sizes above and below a vector's, enough streams to be shared among threads, and one alone.
    static func examples(_ cell: RecurrentCell) -> [RecurrentExample] {
        let shapes = [(1, 1, 1), (3, 2, 7), (5, 7, 65), (2, 65, 129), (7, 1, 129)]
        return shapes.map { RecurrentExample(cell, steps: $0, batchSize: $1, hiddenSize: $2) }
    }
}

/// An example, and the gradients that central differences find for it.
struct RecurrentGradientExample: Sendable, CustomTestStringConvertible {
    let example: RecurrentExample
    let gates, outputs, recurrent, inputBias, recurrentBias: CentralDifferences

    var testDescription: String { example.testDescription }

    init(_ example: RecurrentExample) {
        let (reference, weights) = (example.reference, example.lossWeights.asDoubles)
        func differences(_ operand: WritableKeyPath<ReferenceRecurrence, [Double]>) -> CentralDifferences {
            func loss(_ values: [Double]) -> Double {
                var changed = reference
                changed[keyPath: operand] = values
                return changed.loss(weights)
            }
            // The largest example takes milliseconds for each loss.
            let limit = example.batchSize * example.hiddenSize > 1000 ? 5 : 24
            return CentralDifferences(of: loss, at: reference[keyPath: operand], sampling: limit)
        }
        self.example = example
        gates = differences(\.inputs)
        outputs = differences(\.outputShift)
        recurrent = differences(\.recurrent)
        inputBias = differences(\.inputBias)
        recurrentBias = differences(\.recurrentBias)
    }
}

/// An example in a device's memory. All that a pass has to write begins as NaN.
struct RecurrentRun {
    let example: RecurrentExample
    let bench: Workbench
    let sequence: RecurrentSequence
    let weights: RecurrentWeights
    let gradient: RecurrentWeights
    let outputGradient: Matrix

    init(_ example: RecurrentExample, on device: Device) throws {
        let bench = try Workbench(device)
        let width = example.cell.gateCount * example.hiddenSize
        func weights(_ recurrent: [Float], _ inputBias: [Float], _ recurrentBias: [Float]) throws -> RecurrentWeights {
            RecurrentWeights(
                recurrent: try bench.matrix(
                    recurrent, rows: example.hiddenSize, columns: recurrent.count / example.hiddenSize),
                inputBias: try bench.buffer(inputBias), recurrentBias: try bench.buffer(recurrentBias))
        }
        self.example = example
        self.bench = bench
        self.weights = try weights(example.recurrent, example.inputBias, example.recurrentBias)
        gradient = try weights(
            unset(example.recurrent.count), unset(width), unset(example.recurrentBias.count))
        sequence = try RecurrentSequence(
            example.cell, steps: example.steps, batchSize: example.batchSize, hiddenSize: example.hiddenSize,
            on: bench.backend)
        outputGradient = try bench.matrix(
            unset(example.lossWeights.count), rows: example.steps * example.batchSize, columns: example.hiddenSize)
    }

    func forward() throws { try forward(with: weights) }

    func forward(with weights: RecurrentWeights) throws {
        let backend = bench.backend
        for matrix in [
            sequence.hidden, sequence.memory, sequence.intermediate, sequence.memoryGradient,
            sequence.intermediateGradient,
        ] {
            try backend.fill(matrix.elements, with: .nan)
        }
        try backend.fill(sequence.scratch, with: .nan)
        try backend.write(example.inputs, to: sequence.gates.elements)
        try backend.write(example.hidden, to: sequence.hidden.elements[0..<example.stateCount])
        try backend.write(example.memory, to: sequence.memory.elements[0..<example.memory.count])
        try backend.forward(sequence, weights: weights)
    }

    /// After ``forward()``.
    func backward() throws {
        try bench.backend.write(example.lossWeights, to: outputGradient.elements)
        try bench.backend.backward(
            sequence, weights: weights, outputGradient: outputGradient, gradient: gradient)
    }
}
