import CharRNN
import TestSupport
import Testing

/// What a device is asked to do in a training step, counted. B = 3 streams of T = 5 fill one slice of column sums;
/// 9 of 8 fill two, and the sums take a launch more.
@Suite("Launches, waits and copies of a training step")
struct LaunchTests {
    private static let cells = RecurrentCell.allCases
    private static let devices = Device.ofAllLaunches.filter(\.isOpenCL)

    @Test("The launches are those of the formula", arguments: devices)
    func launches(device: Device) throws {
        for cell in Self.cells {
            for (batchSize, steps, slices) in [(3, 5, 1), (9, 8, 2)] {
                let step = try Self.step(of: cell, batchSize: batchSize, steps: steps, on: device)
                let expected =
                    device.kind == .openCLProcessor
                    ? Self.processorLaunches(cell, layers: 2, slices: slices)
                    : Self.gpuLaunches(cell, steps: steps, layers: 2, slices: slices, device.way(cell))
                #expect(step.calls(.kernel, .product) == expected, "\(cell), \(batchSize)x\(steps): \(step.works)")
            }
        }
    }

    @Test("Nothing waits, and only the batch's indices come from the host", arguments: devices)
    func host(device: Device) throws {
        for cell in Self.cells {
            let step = try Self.step(of: cell, batchSize: 3, steps: 5, on: device)
            #expect(step.waits == 0)
            #expect(step.calls(.transfer) == 1)
            // Inputs, targets and positions, and the starts of the groups.
            #expect(step.works["write"]?.bytes == 4 * (3 * 3 * 5 + Self.vocabularySize + 1))
            // The state of each layer, a bias of each, and on GPUs U where every step multiplies by it.
            let states = cell.carriesMemory ? 2 : 1
            let packs = Self.products(cell).halfSteps == 1 && device.way(cell) == .productsApart
            let biases = cell.hasRecurrentProduct ? 1 : 0
            #expect(step.calls(.copy) == 2 * (states + biases + (packs ? 1 : 0)))
        }
    }

    @Test("The time and the bytes of every kernel are told", arguments: devices)
    func figures(device: Device) throws {
        let step = try Self.step(of: .lstm, batchSize: 3, steps: 5, on: device)
        #expect(step.works.values.allSatisfy { $0.seconds >= 0 && $0.bytes > 0 })
        #expect(step.works.values.contains { $0.seconds > 0 })
        // Logits and losses of floats, and targets; the bias.
        let rows = 3 * 5
        let floats = rows * (Self.vocabularySize + 2) + Self.vocabularySize
        #expect(step.works["softmax_cross_entropy"]?.bytes == 4 * floats)
    }

    @Test("The operations of all products are counted", arguments: devices)
    func operations(device: Device) throws {
        let (batchSize, steps, layers, h) = (9, 8, 2, 8)
        for cell in Self.cells {
            let step = try Self.step(of: cell, batchSize: batchSize, steps: steps, on: device)
            // Forward once and backward twice: a layer's U and the input of the upper one; the decoder.
            let recurrent = cell.recurrentMatrixCount * h * h
            let perCharacter =
                3 * 2 * (layers * recurrent + (layers - 1) * cell.inputGates.count * h * h + h * Self.vocabularySize)
            // The states before the first step get no gradient from the gates that see them as they are.
            let hiddenGates =
                switch cell {
                case .gru: 2
                case .mogrifier: 1
                default: cell.recurrentMatrixCount
                }
            let found = step.works.values.reduce(0) { $0 + $1.operations }
            let spared = device.way(cell) == .oneLaunch ? 0 : 2 * batchSize * layers * hiddenGates * h * h
            #expect(found == batchSize * steps * perCharacter - spared, "\(cell): \(step.works)")
        }
    }

    private static let vocabularySize = Vocabulary(of: text).count
    private static let text = SmallText.noise(400)

    /// The second step of two layers of 8.
    private static func step(
        of cell: RecurrentCell, batchSize: Int, steps: Int, on device: Device
    ) throws -> OpenCLProfile.Report {
        let profile = OpenCLProfile()
        let profiled = try #require(device.profiled(by: profile))
        let trainer = try Run(
            cell: cell, hiddenSize: 8, batchSize: batchSize, sequenceLength: steps, text: text
        ).trainer(on: profiled)
        _ = try trainer.step()
        _ = try profile.take()
        _ = try trainer.step()
        return try profile.take()
    }

    /// The half-steps of a time step that multiply states, and the states that they multiply.
    private static func products(_ cell: RecurrentCell) -> (halfSteps: Int, states: Int) {
        switch cell {
        case .minGRU: (0, 0)
        case .gru: (2, 2)
        case .mogrifier: (3, 4)
        default: (1, 1)
        }
    }

    /// Forward and backward one launch for all time steps, or one for each half-step of each; or so many products, and a
    /// kernel after each half-step's, but before the first step no product.
    private static func gpuLaunches(
        _ cell: RecurrentCell, steps: Int, layers: Int, slices: Int, _ way: Way
    ) -> Int {
        let (halfSteps, products) = products(cell)
        let recurrence =
            switch way {
            case .oneLaunch: 2
            case .wholeSteps: 2 * steps * halfSteps
            case .productsApart: 2 * steps * (max(1, halfSteps) + products) - min(1, products)
            }
        // U transposed, its gradient by each product, the biases'.
        let layer = recurrence + min(1, products) + products + slices
        // The input product and both its gradients; the first layer looks its rows up.
        let upperLayer = 3
        // Rows gathered and scattered; logits and their three gradients; losses and their mean; the optimizer and its
        // norms.
        return layers * layer + (layers - 1) * upperLayer + 2 + 1 + (2 + slices) + 2 + 2
    }

    /// One launch for all time steps. A product packs its right factor before, and turns a transposed left one.
    private static func processorLaunches(_ cell: RecurrentCell, layers: Int, slices: Int) -> Int {
        let products = products(cell).states
        let layer = 2 * (products + 1) + 3 * products + slices
        let upperLayer = 2 + 3 + 2
        return layers * layer + (layers - 1) * upperLayer + 2 + 2 + (3 + 2 + slices) + 2 + 2
    }
}

/// How the time steps of a layer are launched.
private enum Way { case oneLaunch, wholeSteps, productsApart }

extension Device {
    /// The way of a layer of 8.
    fileprivate func way(_ cell: RecurrentCell) -> Way {
        guard let tuning, !tuning.fuses(cell, hiddenSize: 8) else { return .oneLaunch }
        return tuning.takesWholeSteps(cell, hiddenSize: 8) ? .wholeSteps : .productsApart
    }
}
