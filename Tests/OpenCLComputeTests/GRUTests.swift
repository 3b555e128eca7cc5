import Foundation
import OpenCLCompute
import TestSupport
import Testing

@Suite("GRU")
struct GRUTests {
    static let devices = Device.ofAllLaunches

    @Test("An open update gate overwrites the state, a shut one keeps it", arguments: devices)
    func update(device: Device) throws {
        // PyTorch's update gate means the opposite.
        let overwritten = try step(gates: [0, 100, 0.5], on: device)
        expectClose([overwritten], [tanh(0.5 + 2 * 0.5 * 0.75)], within: 4 * unitRoundoff)
        let kept = try step(gates: [0, -100, 0.5], on: device)
        expectClose([kept], [0.75], within: 4 * unitRoundoff)
    }

    @Test("A shut reset gate hides the state from the candidate but not the bias", arguments: devices)
    func reset(device: Device) throws {
        let hidden = try step(gates: [-100, 100, 0.5], candidateBias: 0.25, on: device)
        expectClose([hidden], [tanh(0.75)], within: 4 * unitRoundoff)
    }

    /// One step of one unit from h′ = 0.75 with Uₙ = 2, whose gates r and z see only their inputs.
    private func step(gates: [Float], candidateBias: Float = 0, on device: Device) throws -> Float {
        let bench = try Workbench(device)
        let sequence = try RecurrentSequence(.gru, steps: 1, batchSize: 1, hiddenSize: 1, on: bench.backend)
        try bench.backend.write(gates, to: sequence.gates.elements)
        try bench.backend.write([0.75, .nan], to: sequence.hidden.elements)
        try bench.backend.forward(
            sequence,
            weights: RecurrentWeights(
                recurrent: try bench.matrix([0, 0, 2], rows: 1, columns: 3), inputBias: try bench.buffer([0, 0, 0]),
                recurrentBias: try bench.buffer([0, 0, candidateBias])))
        return try bench.read(sequence.outputs)[0]
    }
}
