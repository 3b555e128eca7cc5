import Foundation
import OpenCLCompute
import TestSupport
import Testing

@Suite("LSTM")
struct LSTMTests {
    static let devices = Device.ofAllLaunches

    @Test("With shut input and open forget gate the cell remembers", arguments: devices)
    func remembering(device: Device) throws {
        let (cell, hidden) = try step(gates: [-100, 100, 5, 100], memory: 0.75, on: device)
        #expect(cell == 0.75)
        expectClose([hidden], [tanh(0.75)], within: 4 * unitRoundoff)
    }

    @Test("With open input and shut forget gate the cell takes the candidate", arguments: devices)
    func replacing(device: Device) throws {
        let (cell, hidden) = try step(gates: [100, -100, 0.5, 100], memory: 0.75, on: device)
        expectClose([cell, hidden], [tanh(0.5), tanh(tanh(0.5))], within: 4 * unitRoundoff)
    }

    @Test("With shut output gate nothing is shown", arguments: devices)
    func hiding(device: Device) throws {
        let (_, hidden) = try step(gates: [100, 100, 1, -100], memory: 0.75, on: device)
        #expect(abs(hidden) <= 1e-30)
    }

    /// One step of one unit whose gates i, f, g, o see only their inputs: the new c and h.
    private func step(gates: [Float], memory: Float, on device: Device) throws -> (Float, Float) {
        let bench = try Workbench(device)
        let sequence = try RecurrentSequence(.lstm, steps: 1, batchSize: 1, hiddenSize: 1, on: bench.backend)
        try bench.backend.write(gates, to: sequence.gates.elements)
        try bench.backend.write([memory, .nan], to: sequence.memory.elements)
        let zeros = [Float](repeating: 0, count: 4)
        try bench.backend.forward(
            sequence,
            weights: RecurrentWeights(
                recurrent: try bench.matrix(zeros, rows: 1, columns: 4), inputBias: try bench.buffer(zeros),
                recurrentBias: try bench.buffer(zeros)))
        return (try bench.read(sequence.memory)[1], try bench.read(sequence.outputs)[0])
    }
}
