import Foundation
import OpenCLCompute
import TestSupport
import Testing

@Suite("Plain recurrent layer")
struct RNNTests {
    static let devices = Device.ofAllLaunches
    static let examples = RecurrentExample.examples(.rnn)
    static let gradientExamples = examples.map(RecurrentGradientExample.init)
    static let long = RecurrentExample(.rnn, steps: 200, batchSize: 3, hiddenSize: 7)

    @Test("The forward pass agrees with the reference", arguments: devices, examples)
    func forward(device: Device, example: RecurrentExample) throws { try example.expectForward(on: device) }

    @Test("The backward pass agrees with central differences", arguments: devices, gradientExamples)
    func backward(device: Device, example: RecurrentGradientExample) throws { try example.expectBackward(on: device) }

    @Test("Saturated units give no NaN", arguments: devices)
    func saturated(device: Device) throws { try RecurrentExample.expectSaturated(.rnn, on: device) }

    @Test("A long sequence stays close, whole or in two halves", arguments: devices)
    func longSequence(device: Device) throws {
        try Self.long.expectForward(on: device)
        try Self.long.expectCarriedState(on: device)
    }

    @Test("The same pass gives the same bits again", arguments: devices)
    func repeatability(device: Device) throws { try Self.examples[2].expectSameBitsAgain(on: device) }

    @Test("A unit is the tanh of input, biases and weighted state", arguments: devices)
    func unit(device: Device) throws {
        let bench = try Workbench(device)
        let sequence = try RecurrentSequence(.rnn, steps: 2, batchSize: 1, hiddenSize: 1, on: bench.backend)
        try bench.backend.write([0.5, -0.25], to: sequence.gates.elements)
        try bench.backend.write([0.75, .nan, .nan], to: sequence.hidden.elements)
        try bench.backend.forward(
            sequence,
            weights: RecurrentWeights(
                recurrent: try bench.matrix([2], rows: 1, columns: 1), inputBias: try bench.buffer([0.125]),
                recurrentBias: try bench.buffer([-0.5])))
        let first = tanh(0.5 + 0.125 - 0.5 + 2 * 0.75)
        let second = tanh(-0.25 + 0.125 - 0.5 + 2 * first)
        expectClose(try bench.read(sequence.outputs), [first, second], within: 4 * unitRoundoff)
    }
}
