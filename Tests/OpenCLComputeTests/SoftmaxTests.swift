import OpenCLCompute
import TestSupport
import Testing

@Suite("Softmax cross-entropy")
struct SoftmaxTests {
    /// Rows and classes.
    static let shapes = [(1, 1), (7, 65), (65, 7), (129, 129), (300, 65), (3, 1031)]
    static let scale: Float = 0.02

    @Test("Losses and gradient agree with the reference", arguments: Device.underTest, shapes)
    func agreement(device: Device, shape: (rows: Int, classes: Int)) throws {
        var numbers = Numbers()
        // The targets of the first two rows are the last class and the first.
        let targets = numbers.indices(shape.rows, below: shape.classes)
        let logits = numbers.floats(shape.rows * shape.classes, in: -10...10)
        try expectAgreement(logits, targets: targets, classes: shape.classes, on: device)
    }

    @Test("Logits of ±10000 give finite losses and gradients", arguments: Device.underTest)
    func extremeLogits(device: Device) throws {
        let logits: [Float] = [
            1e4, -1e4, 0,
            1e4, -1e4, 0,
            -1e4, -1e4, -1e4,
            1e4, 1e4, -1e4,
        ]
        let (losses, _) = try expectAgreement(logits, targets: [0, 1, 2, 1], classes: 3, on: device)
        #expect(losses[0] == 0)
        #expect(losses[1] == 2e4)
    }

    @Test("Equal logits lose the logarithm of the number of classes", arguments: Device.underTest, [1, 65, 129])
    func uniform(device: Device, classes: Int) throws {
        let logits = [Float](repeating: 3, count: 7 * classes)
        let targets = (0..<7).map { Int32($0 * (classes - 1) / 6) }
        try expectAgreement(logits, targets: targets, classes: classes, on: device)
    }

    @Test("A row without a target has neither loss nor gradient", arguments: Device.underTest, shapes)
    func noTarget(device: Device, shape: (rows: Int, classes: Int)) throws {
        var numbers = Numbers()
        let targets = numbers.indices(shape.rows, below: shape.classes).enumerated().map { $0 % 3 == 0 ? -1 : $1 }
        let logits = numbers.floats(shape.rows * shape.classes, in: -10...10)
        let (losses, gradient) = try expectAgreement(logits, targets: targets, classes: shape.classes, on: device)
        #expect(losses[0] == 0 && gradient[..<shape.classes].allSatisfy { $0 == 0 })
    }

    @Test("Without a gradient the losses are the same bits", arguments: Device.underTest)
    func lossesAlone(device: Device) throws {
        var numbers = Numbers()
        let (logits, targets) = (numbers.floats(37 * 65, in: -3...3), numbers.indices(37, below: 65))
        let bench = try Workbench(device)
        let losses = try [Self.scale, nil].map { scale in
            let losses = try bench.buffer(unset(37))
            try bench.backend.softmaxCrossEntropy(
                bench.matrix(logits, rows: 37, columns: 65), bias: bench.buffer([Float](repeating: 0.5, count: 65)),
                targets: bench.indices(targets), gradientScale: scale, losses: losses)
            return try bench.read(losses)
        }
        expectSame(losses[1], losses[0], "losses")
        try bench.expectSurroundingsUntouched()
    }

    @Test("The reference's gradient is the slope of its losses")
    func reference() {
        var numbers = Numbers()
        let logits = numbers.floats(5 * 7, in: -3...3).asDoubles
        let targets = numbers.indices(5, below: 7)
        let differences = CentralDifferences(
            of: { 0.3 * Reference.crossEntropy($0, targets: targets, classes: 7).reduce(0, +) }, at: logits)
        let gradient = Reference.crossEntropyGradient(logits, targets: targets, classes: 7, scale: 0.3)
        differences.expect(gradient.map(Float.init), roundings: 4, "gradient")
    }

    @discardableResult
    private func expectAgreement(
        _ logits: [Float], targets: [Int32], classes: Int, on device: Device
    ) throws -> (losses: [Float], gradient: [Float]) {
        let bench = try Workbench(device)
        // What is given to the device are the logits without a bias, in which the sums round as they do there.
        let bias = (0..<classes).map { Float($0 % 7) / 16 }
        let scores = logits.indices.map { logits[$0] - bias[$0 % classes] }
        let logits = scores.indices.map { scores[$0] + bias[$0 % classes] }
        let matrix = try bench.matrix(scores, rows: targets.count, columns: classes)
        let losses = try bench.buffer(unset(targets.count))
        try bench.backend.softmaxCrossEntropy(
            matrix, bias: try bench.buffer(bias), targets: try bench.indices(targets), gradientScale: Self.scale,
            losses: losses)

        let expectedLosses = Reference.crossEntropy(logits.asDoubles, targets: targets, classes: classes)
        let expectedGradient = Reference.crossEntropyGradient(
            logits.asDoubles, targets: targets, classes: classes, scale: Double(Self.scale))
        // A sum of as many terms as classes. Each is an exponential, good to a few roundings (OpenCL grants 3 ulp),
        // of a difference below 20 that was rounded itself; where it is larger the term is next to nothing.
        let bound = (4 * Double(classes).squareRoot() + 20 + 8) * unitRoundoff
        let result = (try bench.read(losses), try bench.read(matrix))
        expectClose(result.0, expectedLosses, within: expectedLosses.map { bound * (1 + $0) }, "losses")
        expectClose(result.1, expectedGradient, within: bound * Double(Self.scale), "gradient")
        try bench.expectSurroundingsUntouched()
        return result
    }
}
