import Foundation
import OpenCLCompute
import TestSupport
import Testing

@Suite("Mogrifier LSTM")
struct MogrifierTests {
    static let devices = Device.ofAllLaunches

    @Test("Shut gates hide input and state from the LSTM, open ones double them", arguments: devices)
    func gates(device: Device) throws {
        for size: Float in [100, 1e4] {
            expectClose([try candidate(q: -size, r: -size, on: device)], [0], within: 4 * unitRoundoff)
            expectClose([try candidate(q: size, r: -size, on: device)], [tanh(0.5)], within: 16 * unitRoundoff)
            expectClose([try candidate(q: -size, r: size, on: device)], [tanh(1.5)], within: 16 * unitRoundoff)
        }
        expectClose([try candidate(q: 0, r: 0, on: device)], [tanh(0.25 + 0.75)], within: 16 * unitRoundoff)
    }

    /// g = tanh(x¹ + h¹) after a step of one unit from h′ = 0.75 with x̂ = 0.25, where the biases alone open q and r.
    private func candidate(q: Float, r: Float, on device: Device) throws -> Float {
        let bench = try Workbench(device)
        let sequence = try RecurrentSequence(.mogrifier, steps: 1, batchSize: 1, hiddenSize: 1, on: bench.backend)
        try bench.backend.write([Float](repeating: .nan, count: 6) + [0.25], to: sequence.gates.elements)
        try bench.backend.write([0.75, .nan], to: sequence.hidden.elements)
        let u: [Float] = [0, 0] + [0, 0, 1, 0] + [0, 0, 1, 0]
        try bench.backend.forward(
            sequence,
            weights: RecurrentWeights(
                recurrent: try bench.matrix(u, rows: 1, columns: 10),
                inputBias: try bench.buffer([q, r, 0, 0, 0, 0, 0]),
                recurrentBias: try bench.buffer([Float](repeating: 0, count: 7))))
        return try bench.read(sequence.gates)[4]
    }
}
