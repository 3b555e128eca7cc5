import OpenCLCompute

/// The CPU's backend with one thing wrong: column sums come out as `columnSum`, and products throw `productError`.
final class FaultyBackend: Backend {
    private let sound: any Backend
    private let columnSum: Float?
    private let productError: DeviceError?

    init(columnSum: Float? = nil, productError: DeviceError? = nil) throws {
        sound = try Device.cpu.backend()
        self.columnSum = columnSum
        self.productError = productError
    }

    func columnSums(of matrix: Matrix, into sums: Buffer<Float>) throws {
        try sound.columnSums(of: matrix, into: sums)
        if let columnSum { try sound.fill(sums, with: columnSum) }
    }

    func multiply(_ a: Matrix, _ b: Matrix, into c: Matrix, adding: Bool) throws {
        if let productError { throw productError }
        try sound.multiply(a, b, into: c, adding: adding)
    }

    // MARK: All the rest is passed on

    func makeBuffer<Element>(of type: Element.Type, count: Int) throws -> Buffer<Element> {
        try sound.makeBuffer(of: type, count: count)
    }
    func write<Element>(_ values: [Element], to buffer: Buffer<Element>) throws { try sound.write(values, to: buffer) }
    func read<Element>(_ buffer: Buffer<Element>) throws -> [Element] { try sound.read(buffer) }
    func copy(_ source: Buffer<Float>, to destination: Buffer<Float>) throws { try sound.copy(source, to: destination) }
    func fill(_ buffer: Buffer<Float>, with value: Float) throws { try sound.fill(buffer, with: value) }
    func synchronize() throws { try sound.synchronize() }
    func addBias(_ bias: Buffer<Float>, to matrix: Matrix) throws { try sound.addBias(bias, to: matrix) }
    func mean(of elements: Buffer<Float>, into result: Buffer<Float>) throws {
        try sound.mean(of: elements, into: result)
    }
    func gatherRows(of table: Matrix, at indices: Buffer<Int32>, into rows: Matrix) throws {
        try sound.gatherRows(of: table, at: indices, into: rows)
    }
    func scatterRows(_ rows: Matrix, by groups: IndexGroups, into table: Matrix) throws {
        try sound.scatterRows(rows, by: groups, into: table)
    }
    func recurrentScratchCount(
        _ cell: RecurrentCell, steps: Int, batchSize: Int, hiddenSize: Int, forTraining: Bool
    ) -> Int {
        sound.recurrentScratchCount(
            cell, steps: steps, batchSize: batchSize, hiddenSize: hiddenSize, forTraining: forTraining)
    }
    func forward(_ sequence: RecurrentSequence, weights: RecurrentWeights) throws {
        try sound.forward(sequence, weights: weights)
    }
    func backward(
        _ sequence: RecurrentSequence, weights: RecurrentWeights, outputGradient: Matrix, gradient: RecurrentWeights
    ) throws {
        try sound.backward(sequence, weights: weights, outputGradient: outputGradient, gradient: gradient)
    }
    func dropout(_ x: Buffer<Float>, mask: DropoutMask, into result: Buffer<Float>) throws {
        try sound.dropout(x, mask: mask, into: result)
    }
    func softmaxCrossEntropy(
        _ logits: Matrix, targets: Buffer<Int32>, gradientScale: Float, losses: Buffer<Float>
    ) throws {
        try sound.softmaxCrossEntropy(logits, targets: targets, gradientScale: gradientScale, losses: losses)
    }
    func rmsProp(
        _ x: Buffer<Float>, gradient: Buffer<Float>, meanSquare: Buffer<Float>, clipping: GradientClipping,
        learningRate: Float, decay: Float, epsilon: Float, norms: Buffer<Float>
    ) throws {
        try sound.rmsProp(
            x, gradient: gradient, meanSquare: meanSquare, clipping: clipping, learningRate: learningRate,
            decay: decay, epsilon: epsilon, norms: norms)
    }
    func adam(
        _ x: Buffer<Float>, gradient: Buffer<Float>, mean: Buffer<Float>, meanSquare: Buffer<Float>,
        clipping: GradientClipping, learningRate: Float, beta1: Float, beta2: Float, epsilon: Float,
        iteration: Int, norms: Buffer<Float>
    ) throws {
        try sound.adam(
            x, gradient: gradient, mean: mean, meanSquare: meanSquare, clipping: clipping,
            learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, iteration: iteration,
            norms: norms)
    }
}
