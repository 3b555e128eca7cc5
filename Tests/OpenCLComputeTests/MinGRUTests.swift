import Foundation
import OpenCLCompute
import TestSupport
import Testing

@Suite("Minimal GRU")
struct MinGRUTests {
    static let devices = Device.ofAllLaunches
    static let examples = RecurrentExample.examples(.minGRU)
    static let gradientExamples = examples.map(RecurrentGradientExample.init)
    static let long = RecurrentExample(.minGRU, steps: 200, batchSize: 3, hiddenSize: 7)

    @Test("The forward pass agrees with the reference", arguments: devices, examples)
    func forward(device: Device, example: RecurrentExample) throws { try example.expectForward(on: device) }

    @Test("The backward pass agrees with central differences", arguments: devices, gradientExamples)
    func backward(device: Device, example: RecurrentGradientExample) throws { try example.expectBackward(on: device) }

    @Test("A long sequence stays close, whole or in two halves", arguments: devices)
    func longSequence(device: Device) throws {
        try Self.long.expectForward(on: device)
        try Self.long.expectCarriedState(on: device)
    }

    @Test("The same pass gives the same bits again", arguments: devices)
    func repeatability(device: Device) throws { try Self.examples[2].expectSameBitsAgain(on: device) }

    @Test("An open gate overwrites the state, a shut one keeps it, and nothing is squashed", arguments: devices)
    func gate(device: Device) throws {
        for size: Float in [100, 1e4] {
            expectClose([try step(gates: [size, 3.5], on: device)], [3.5], within: 16 * unitRoundoff)
            expectClose([try step(gates: [-size, 3.5], on: device)], [0.75], within: 4 * unitRoundoff)
        }
    }

    /// One step of one unit from h′ = 0.75.
    private func step(gates: [Float], on device: Device) throws -> Float {
        let bench = try Workbench(device)
        let sequence = try RecurrentSequence(.minGRU, steps: 1, batchSize: 1, hiddenSize: 1, on: bench.backend)
        try bench.backend.write(gates, to: sequence.gates.elements)
        try bench.backend.write([0.75, .nan], to: sequence.hidden.elements)
        try bench.backend.forward(
            sequence,
            weights: RecurrentWeights(
                recurrent: try bench.matrix([], rows: 1, columns: 0), inputBias: try bench.buffer([0, 0]),
                recurrentBias: try bench.buffer([Float]())))
        return try bench.read(sequence.outputs)[0]
    }
}
