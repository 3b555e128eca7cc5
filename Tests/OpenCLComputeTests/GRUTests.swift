import Foundation
import OpenCLCompute
import TestSupport
import Testing

@Suite("GRU")
struct GRUTests {
    static let devices = Device.ofAllLaunches
    static let examples = RecurrentExample.examples(.gru)
    static let gradientExamples = examples.map(RecurrentGradientExample.init)
    static let long = RecurrentExample(.gru, steps: 200, batchSize: 3, hiddenSize: 7)

    @Test("The forward pass agrees with the reference", arguments: devices, examples)
    func forward(device: Device, example: RecurrentExample) throws { try example.expectForward(on: device) }

    @Test("The backward pass agrees with central differences", arguments: devices, gradientExamples)
    func backward(device: Device, example: RecurrentGradientExample) throws { try example.expectBackward(on: device) }

    @Test("Saturated gates give no NaN", arguments: devices)
    func saturated(device: Device) throws { try RecurrentExample.expectSaturated(.gru, on: device) }

    @Test("A long sequence stays close, whole or in two halves", arguments: devices)
    func longSequence(device: Device) throws {
        try Self.long.expectForward(on: device)
        try Self.long.expectCarriedState(on: device)
    }

    @Test("The same pass gives the same bits again", arguments: devices)
    func repeatability(device: Device) throws { try Self.examples[2].expectSameBitsAgain(on: device) }

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
