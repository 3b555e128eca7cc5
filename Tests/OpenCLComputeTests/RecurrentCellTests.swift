import OpenCLCompute
import TestSupport
import Testing

/// What holds for every cell; what one alone does is tested in the suite of its name.
@Suite("Cells")
struct RecurrentCellTests {
    static let devices = Device.ofAllLaunches
    static let examples = RecurrentCell.allCases.map(RecurrentExample.examples)
    static let gradientExamples = examples.joined().map(RecurrentGradientExample.init)
    static let longExamples = RecurrentCell.allCases.map {
        RecurrentExample($0, steps: 200, batchSize: 3, hiddenSize: 7)
    }
    /// Those whose states cannot grow with their inputs: all of these go into a function that is bounded.
    static let boundedCells: [RecurrentCell] = [.lstm, .gru, .rnn]

    @Test("The forward pass agrees with the reference", arguments: devices, Array(examples.joined()))
    func forward(device: Device, example: RecurrentExample) throws { try example.expectForward(on: device) }

    @Test("The backward pass agrees with central differences", arguments: devices, gradientExamples)
    func backward(device: Device, example: RecurrentGradientExample) throws { try example.expectBackward(on: device) }

    @Test("Saturated gates give no NaN", arguments: devices, boundedCells)
    func saturated(device: Device, cell: RecurrentCell) throws {
        try RecurrentExample.expectSaturated(cell, on: device)
    }

    @Test("A long sequence stays close, whole or in two halves", arguments: devices, longExamples)
    func longSequence(device: Device, example: RecurrentExample) throws {
        try example.expectForward(on: device)
        try example.expectCarriedState(on: device)
    }

    @Test("The same pass gives the same bits again", arguments: devices, examples.map { $0[2] })
    func repeatability(device: Device, example: RecurrentExample) throws { try example.expectSameBitsAgain(on: device) }
}
