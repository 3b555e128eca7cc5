import OpenCLCompute
import TestSupport
import Testing

@Suite("Optimizer steps and clipping")
struct OptimizerTests {
    /// Gradients lie in ±1, so that those of 129 components have a norm near 6.5.
    static let clippings: [GradientClipping] = [.none, .value(0.5), .value(5), .norm(2), .norm(50)]

    @Test("RMSProp follows the reference over several steps", arguments: Device.underTest, clippings)
    func rmsProp(device: Device, clipping: GradientClipping) throws {
        for (count, learningRate) in [(1, 2e-3), (7, 0.1), (65, 0), (129, 2e-3), (10_007, 2e-3)] as [(Int, Float)] {
            var numbers = Numbers()
            let (x, meanSquare) = (numbers.floats(count), numbers.floats(count, in: 0...2))
            var reference = ReferenceOptimizer(x: x.asDoubles, meanSquare: meanSquare.asDoubles)
            let bench = try Workbench(device)
            let buffers = (x: try bench.buffer(x), meanSquare: try bench.buffer(meanSquare))
            let norms = try bench.buffer(unset(2))
            let (decay, epsilon): (Float, Float) = (0.95, 1e-8)
            for _ in 1...3 {
                let gradient = numbers.floats(count)
                try bench.backend.rmsProp(
                    buffers.x, gradient: try bench.buffer(gradient), meanSquare: buffers.meanSquare,
                    clipping: clipping, learningRate: learningRate, decay: decay, epsilon: epsilon, norms: norms)
                reference.rmsProp(
                    gradient.asDoubles, clipping: clipping, learningRate: Double(learningRate),
                    decay: Double(decay), epsilon: Double(epsilon))
                try expectNorms(norms, reference, on: bench)
            }
            expectMoments(try bench.read(buffers.meanSquare), reference.meanSquare, "mean square of \(count)")
            expectMoments(try bench.read(buffers.x), reference.x, "parameters, \(count)")
            try bench.expectSurroundingsUntouched()
        }
    }

    @Test("Adam follows the reference over several steps", arguments: Device.underTest, clippings)
    func adam(device: Device, clipping: GradientClipping) throws {
        for (count, iteration) in [(1, 1), (7, 10), (65, 1000), (129, 1), (10_007, 100)] {
            var numbers = Numbers()
            let (x, mean) = (numbers.floats(count), numbers.floats(count, in: -0.1...0.1))
            let meanSquare = numbers.floats(count, in: 0.001...0.01)
            var reference = ReferenceOptimizer(
                x: x.asDoubles, mean: mean.asDoubles, meanSquare: meanSquare.asDoubles)
            let bench = try Workbench(device)
            let buffers = (x: try bench.buffer(x), mean: try bench.buffer(mean), square: try bench.buffer(meanSquare))
            let norms = try bench.buffer(unset(2))
            let (rate, beta1, beta2, epsilon): (Float, Float, Float, Float) = (0.01, 0.9, 0.999, 1e-8)
            for t in iteration..<iteration + 3 {
                let gradient = numbers.floats(count)
                try bench.backend.adam(
                    buffers.x, gradient: try bench.buffer(gradient), mean: buffers.mean, meanSquare: buffers.square,
                    clipping: clipping, learningRate: rate, beta1: beta1, beta2: beta2, epsilon: epsilon,
                    iteration: t, norms: norms)
                reference.adam(
                    gradient.asDoubles, clipping: clipping, learningRate: Double(rate), beta1: Double(beta1),
                    beta2: Double(beta2), epsilon: Double(epsilon), iteration: t)
                try expectNorms(norms, reference, on: bench)
            }
            expectMoments(try bench.read(buffers.mean), reference.mean, "mean of \(count)")
            expectMoments(try bench.read(buffers.square), reference.meanSquare, "mean square of \(count)")
            expectMoments(try bench.read(buffers.x), reference.x, "parameters, \(count)")
            try bench.expectSurroundingsUntouched()
        }
    }

    @Test("RMSProp's first step moves every parameter by η/√(1−α), as in Torch", arguments: Device.underTest)
    func firstStep(device: Device) throws {
        let bench = try Workbench(device)
        let x = try bench.buffer([0, 0, 0])
        try bench.backend.rmsProp(
            x, gradient: try bench.buffer([1e-3, -1, 40]), meanSquare: try bench.buffer([0, 0, 0]),
            clipping: .none, learningRate: 2e-3, decay: 0.95, epsilon: 1e-8, norms: try bench.buffer(unset(2)))
        // ε is outside the root: of √m = 2.2e-4 it takes 4.5e-5, where 1e-8 inside would take a tenth.
        let expected = [-0.008943872, 0.008944271, -0.008944272]
        expectClose(try bench.read(x), expected, within: expected.map { 8 * unitRoundoff * abs($0) + 1e-9 })
    }

    @Test("A gradient of zeros survives clipping by norm", arguments: Device.underTest)
    func zeroGradient(device: Device) throws {
        let bench = try Workbench(device)
        let (x, norms) = (try bench.buffer([1, -2]), try bench.buffer(unset(2)))
        try bench.backend.rmsProp(
            x, gradient: try bench.buffer([0, 0]), meanSquare: try bench.buffer([0, 0]),
            clipping: .norm(5), learningRate: 2e-3, decay: 0.95, epsilon: 1e-8, norms: norms)
        expectSame(try bench.read(x), [1, -2])
        expectSame(try bench.read(norms), [0, 5])
    }

    @Test("A combination is a·x + b·y, also of one with itself", arguments: Device.underTest)
    func combination(device: Device) throws {
        for count in [1, 7, 65, 10_007] {
            var numbers = Numbers()
            let (x, y) = (numbers.floats(count), numbers.floats(count))
            let bench = try Workbench(device)
            let buffers = (x: try bench.buffer(x), y: try bench.buffer(y))
            try bench.backend.combine(buffers.x, times: 0.7, into: buffers.y, times: -0.4)
            let expected = zip(x.asDoubles, y.asDoubles).map { 0.7 * $0 - 0.4 * $1 }
            expectClose(try bench.read(buffers.y), expected, within: 4 * unitRoundoff)
            try bench.backend.combine(buffers.x, times: 0.25, into: buffers.x, times: 0)
            expectSame(try bench.read(buffers.x), x.map { 0.25 * $0 })
            try bench.expectSurroundingsUntouched()
        }
    }

    @Test("Clipping where the gradient lies leaves what the optimizers see", arguments: Device.underTest, clippings)
    func clipping(device: Device, clipping: GradientClipping) throws {
        for count in [1, 7, 129, 10_007] {
            var numbers = Numbers()
            let x = numbers.floats(count)
            let bench = try Workbench(device)
            let (buffer, squares) = (try bench.buffer(x), try bench.buffer(unset(1)))
            try bench.backend.clip(buffer, by: clipping, squares: squares)
            let expected = Reference.clip(x.asDoubles, clipping)
            let roundings = 16 + 4 * Double(count).squareRoot()
            expectClose(try bench.read(buffer), expected, within: roundings * unitRoundoff)
            let sum = Reference.sumOfSquares(expected)
            expectClose(try bench.read(squares), [sum], within: roundings * unitRoundoff * sum)
            if clipping == .none { expectSame(try bench.read(buffer), x) }
            try bench.expectSurroundingsUntouched()
        }
    }

    /// Blocks of equal sides, wide and tall ones, as columns of matrices between others that stay.
    @Test("Blocks are drawn towards orthogonal ones", arguments: Device.underTest)
    func orthogonalization(device: Device) throws {
        let polynomials = [
            OddPolynomial(3, -3.2, 1.2), OddPolynomial(1.875, -1.25, 0.375), OddPolynomial(1.9, -1.3, 0.4),
        ]
        for (rows, columns, width) in [(1, 1, 1), (7, 15, 5), (5, 33, 11), (65, 65, 65), (33, 260, 130), (130, 99, 33)]
        {
            var numbers = Numbers()
            let x = numbers.floats(rows * columns, in: -3...3)
            let bench = try Workbench(device)
            let matrix = try bench.matrix(x, rows: rows, columns: columns)
            let blocks = stride(from: 0, to: columns, by: 2 * width).map { $0..<min(columns, $0 + width) }
            try bench.backend.orthogonalize(blocks.map { matrix.columns($0) }, by: polynomials)
            var expected = x.asDoubles
            for block in blocks {
                let part = (0..<rows).flatMap { row in block.map { expected[row * columns + $0] } }
                let result = Reference.orthogonal(part, rows: rows, columns: block.count, by: polynomials)
                for row in 0..<rows {
                    expected.replaceSubrange(
                        row * columns + block.lowerBound..<row * columns + block.upperBound,
                        with: result[row * block.count..<(row + 1) * block.count])
                }
            }
            // A step magnifies what is small, roundings too, by its first coefficient, and by no more elsewhere.
            let growth = polynomials.reduce(1) { $0 * Double($1.a) }
            let isInside = (0..<x.count).map { index in blocks.contains { $0.contains(index % columns) } }
            let bounds = isInside.map { $0 ? 32 * growth * unitRoundoff : 0 }
            expectClose(try bench.read(matrix), expected, within: bounds, "\(rows)×\(columns), columns of \(width)")
            try bench.expectSurroundingsUntouched()
        }
        let bench = try Workbench(device)
        let zeros = try bench.matrix([0, 0, 0, 0], rows: 2, columns: 2)
        try bench.backend.orthogonalize([zeros], by: polynomials)
        try bench.backend.orthogonalize([], by: polynomials)
        expectSame(try bench.read(zeros), [0, 0, 0, 0])
    }

    /// Per step some ten operations of a rounding each, and with clipping the norm's: a sum of √n random roundings.
    private func expectMoments(_ actual: [Float], _ expected: [Double], _ what: String) {
        let roundings = 48 + 4 * Double(expected.count).squareRoot()
        expectClose(actual, expected, within: expected.map { roundings * unitRoundoff * max(0.1, abs($0)) }, what)
    }

    private func expectNorms(
        _ norms: Buffer<Float>, _ reference: ReferenceOptimizer, on bench: Workbench
    ) throws {
        let expected = [Reference.sumOfSquares(reference.clipped), Reference.sumOfSquares(reference.x)]
        let roundings = 16 + 4 * Double(reference.x.count).squareRoot()
        expectClose(
            try bench.read(norms), expected, within: expected.map { roundings * unitRoundoff * $0 }, "norms")
    }
}

@Suite("A bound that is none")
struct ClippingBoundTests {
    /// A step of RMSProp on one parameter.
    private static func step(_ clipping: GradientClipping, on device: Device = .cpu) throws {
        let backend = try device.backend()
        let buffers = try (0..<3).map { _ in try backend.makeBuffer(of: Float.self, count: 1) }
        try backend.rmsProp(
            buffers[0], gradient: buffers[1], meanSquare: buffers[2], clipping: clipping, learningRate: 0.1, decay: 0.9,
            epsilon: 1e-8, norms: try backend.makeBuffer(of: Float.self, count: 2))
    }

    @Test("Traps, with the bound in words")
    func traps() async throws {
        let end = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            try Self.step(.norm(-1))
        }
        let message = String(decoding: try #require(end).standardErrorContent, as: UTF8.self)
        #expect(message.contains("clipped by norm(-1.0)"), "\(message)")
        await #expect(processExitsWith: .failure) { try Self.step(.value(.nan)) }
        await #expect(processExitsWith: .failure) { try Self.step(.value(0)) }
        await #expect(processExitsWith: .failure) { try Self.step(.norm(0), on: Device.available.last!) }
        try Self.step(.value(.infinity))
    }
}
