import Foundation
import OpenCLCompute
import TestSupport
import Testing

@Suite("Minimal GRU")
struct MinGRUTests {
    static let devices = Device.ofAllLaunches

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
