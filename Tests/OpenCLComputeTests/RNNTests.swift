import Foundation
import OpenCLCompute
import TestSupport
import Testing

@Suite("Plain recurrent layer")
struct RNNTests {
    static let devices = Device.ofAllLaunches

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
