import OpenCLCompute
import TestSupport
import Testing

/// What holds for every cell; ``RecurrentCellTests`` asks for it.
extension RecurrentExample {
    /// A gate's argument is a sum of H products and 3 more terms, all near 1, and its function adds a few roundings.
    /// Being no steeper than 1 the functions pass errors on at most whole; from step to step they add up.
    var roundings: Int { 4 * (hiddenSize + 16) }

    func expectForward(on device: Device) throws {
        let run = try RecurrentRun(self, on: device)
        try run.forward()
        let bound = Double(roundings) * unitRoundoff
        expectClose(try run.bench.read(run.sequence.gates), activations.gates, within: bound, "gates")
        expectClose(try run.bench.read(run.sequence.hidden), activations.hidden, within: bound, "hidden states")
        expectClose(try run.bench.read(run.sequence.memory), activations.memory, within: bound, "memory")
        expectClose(
            try run.bench.read(run.sequence.intermediate), activations.intermediate, within: bound, "intermediate")
        expectSame(
            try run.bench.read(run.sequence.hidden.rows(0..<batchSize)), hidden, "the state before the sequence")
        try expectWeightsUntouched(run)
    }

    /// The same inputs in two sequences, the second continuing from the state the first ends in.
    func expectCarriedState(on device: Device) throws {
        let half = steps / 2
        let run = try RecurrentRun(self, on: device)
        let backend = run.bench.backend
        let sequence = try RecurrentSequence(
            cell, steps: half, batchSize: batchSize, hiddenSize: hiddenSize, on: backend)
        try backend.write(hidden, to: sequence.hidden.elements[0..<stateCount])
        try backend.write(memory, to: sequence.memory.elements[0..<memory.count])

        var outputs: [Float] = []
        let inputCount = half * batchSize * cell.gateCount * hiddenSize
        for part in 0..<2 {
            try backend.write(
                Array(inputs[part * inputCount..<(part + 1) * inputCount]), to: sequence.gates.elements)
            try backend.forward(sequence, weights: run.weights)
            outputs += try backend.read(sequence.outputs.elements)
            let last = half * batchSize..<(half + 1) * batchSize
            for states in cell.carriesMemory ? [sequence.hidden, sequence.memory] : [sequence.hidden] {
                try backend.copy(states.rows(last).elements, to: states.rows(0..<batchSize).elements)
            }
        }
        expectClose(
            outputs, activations.outputs(after: stateCount), within: Double(roundings) * unitRoundoff, "outputs")
    }

    /// Runs on the same memory twice: what the first run leaves there must not reach the second.
    func expectSameBitsAgain(on device: Device) throws {
        let run = try RecurrentRun(self, on: device)
        func results() throws -> [[Float]] {
            try run.forward()
            let activations = [try run.bench.read(run.sequence.hidden), try run.bench.read(run.sequence.gates)]
            try run.backward()
            return activations + [
                try run.bench.read(run.sequence.gates), try run.bench.read(run.outputGradient),
                try run.bench.read(run.gradient.recurrent), try run.bench.read(run.gradient.inputBias),
            ]
        }
        let (first, second) = (try results(), try results())
        for (first, second) in zip(first, second) { expectSame(second, first) }
    }

    /// Inputs so large that every gate is shut or open: nothing may overflow on the way to 0, 1 and −1.
    static func expectSaturated(_ cell: RecurrentCell, on device: Device) throws {
        for size: Float in [100, 1e4] {
            let example = RecurrentExample(
                cell, steps: 3, batchSize: 2, hiddenSize: 7, inputRange: -size...size)
            try RecurrentGradientExample(example).expectBackward(on: device)
            try example.expectForward(on: device)
        }
    }

    private func expectWeightsUntouched(_ run: RecurrentRun) throws {
        expectSame(try run.bench.read(run.weights.recurrent), recurrent, "recurrent weights")
        expectSame(try run.bench.read(run.weights.inputBias), inputBias, "bias of the input")
        expectSame(try run.bench.read(run.weights.recurrentBias), recurrentBias, "bias of the state")
        try run.bench.expectSurroundingsUntouched()
    }
}

extension RecurrentGradientExample {
    func expectBackward(on device: Device) throws {
        let run = try RecurrentRun(example, on: device)
        try run.forward()
        try run.backward()

        // As forward, and the gradients of the weights are sums over all steps and streams.
        let inSequence = 4 * example.roundings
        let overall = inSequence + 4 * example.steps * example.batchSize
        gates.expect(try run.bench.read(run.sequence.gates), roundings: inSequence, "gates' gradient")
        outputs.expect(try run.bench.read(run.outputGradient), roundings: inSequence, "outputs' gradient")
        recurrent.expect(try run.bench.read(run.gradient.recurrent), roundings: overall, "weights' gradient")
        inputBias.expect(try run.bench.read(run.gradient.inputBias), roundings: overall, "input bias's gradient")
        recurrentBias.expect(
            try run.bench.read(run.gradient.recurrentBias), roundings: overall, "recurrent bias's gradient")
        // Row by row it is the same, so that a caller may have some before the others.
        try run.bench.backend.fill(run.gradient.recurrent.elements, with: .nan)
        for row in (0..<example.hiddenSize).reversed() {
            try run.bench.backend.recurrentGradient(of: run.sequence, rows: row..<row + 1, into: run.gradient)
        }
        recurrent.expect(try run.bench.read(run.gradient.recurrent), roundings: overall, "its rows")
        // The caller needs the outputs for the gradient of the next layer's weights.
        expectClose(
            try run.bench.read(run.sequence.hidden), example.activations.hidden,
            within: Double(example.roundings) * unitRoundoff, "hidden states after the backward pass")
        try run.bench.expectSurroundingsUntouched()
    }
}
