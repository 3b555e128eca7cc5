import OpenCLCompute

/// A backend that passes everything on to the CPU's. Tests override what they watch or spoil.
// Unchecked because a class that others derive from cannot be checked; what they add has to be safe as well.
open class PassingBackend: Backend, @unchecked Sendable {
    private let sound: any Backend

    public init() throws { sound = try Device.cpu.backend() }

    open func columnSums(of matrix: Matrix, into sums: Buffer<Float>) throws {
        try sound.columnSums(of: matrix, into: sums)
    }
    open func multiply(_ a: Matrix, _ b: Matrix, into c: Matrix, adding: Bool) throws {
        try sound.multiply(a, b, into: c, adding: adding)
    }
    open func makeBuffer<Element>(of type: Element.Type, count: Int) throws -> Buffer<Element> {
        try sound.makeBuffer(of: type, count: count)
    }
    open func write<Element>(_ values: [Element], to buffer: Buffer<Element>) throws {
        try sound.write(values, to: buffer)
    }
    open func read<Element>(_ buffer: Buffer<Element>) throws -> [Element] { try sound.read(buffer) }
    open func copy(_ source: Buffer<Float>, to destination: Buffer<Float>) throws {
        try sound.copy(source, to: destination)
    }
    open func fill(_ buffer: Buffer<Float>, with value: Float) throws { try sound.fill(buffer, with: value) }
    open func synchronize() throws { try sound.synchronize() }
    open func add(_ x: Buffer<Float>, to sum: Buffer<Float>) throws { try sound.add(x, to: sum) }
    open func addBias(_ bias: Buffer<Float>, to matrix: Matrix) throws { try sound.addBias(bias, to: matrix) }
    open func mean(of elements: Buffer<Float>, into result: Buffer<Float>) throws {
        try sound.mean(of: elements, into: result)
    }
    open func gatherRows(of table: Matrix, at indices: Buffer<Int32>, into rows: Matrix) throws {
        try sound.gatherRows(of: table, at: indices, into: rows)
    }
    open func scatterRows(_ rows: Matrix, by groups: IndexGroups, into table: Matrix) throws {
        try sound.scatterRows(rows, by: groups, into: table)
    }
    open func gatherColumns(of table: Matrix, at indices: Buffer<Int32>, into rows: Matrix) throws {
        try sound.gatherColumns(of: table, at: indices, into: rows)
    }
    open func scatterColumns(_ rows: Matrix, at indices: Buffer<Int32>, into table: Matrix) throws {
        try sound.scatterColumns(rows, at: indices, into: table)
    }
    open func recurrentScratchCount(
        _ cell: RecurrentCell, steps: Int, batchSize: Int, hiddenSize: Int, forTraining: Bool
    ) -> Int {
        sound.recurrentScratchCount(
            cell, steps: steps, batchSize: batchSize, hiddenSize: hiddenSize, forTraining: forTraining)
    }
    open func forward(_ sequence: RecurrentSequence, weights: RecurrentWeights) throws {
        try sound.forward(sequence, weights: weights)
    }
    open func backward(_ sequence: RecurrentSequence, weights: RecurrentWeights, outputGradient: Matrix) throws {
        try sound.backward(sequence, weights: weights, outputGradient: outputGradient)
    }
    open func dropout(_ x: Buffer<Float>, mask: DropoutMask, into result: Buffer<Float>) throws {
        try sound.dropout(x, mask: mask, into: result)
    }
    open func softmaxCrossEntropy(
        _ logits: Matrix, bias: Buffer<Float>, targets: Buffer<Int32>, gradientScale: Float?, losses: Buffer<Float>
    ) throws {
        try sound.softmaxCrossEntropy(
            logits, bias: bias, targets: targets, gradientScale: gradientScale, losses: losses)
    }
    open func rmsProp(
        _ x: Buffer<Float>, gradient: Buffer<Float>, meanSquare: Buffer<Float>, clipping: GradientClipping,
        learningRate: Float, decay: Float, epsilon: Float, norms: Buffer<Float>
    ) throws {
        try sound.rmsProp(
            x, gradient: gradient, meanSquare: meanSquare, clipping: clipping, learningRate: learningRate,
            decay: decay, epsilon: epsilon, norms: norms)
    }
    open func adam(
        _ x: Buffer<Float>, gradient: Buffer<Float>, mean: Buffer<Float>, meanSquare: Buffer<Float>,
        clipping: GradientClipping, learningRate: Float, beta1: Float, beta2: Float, epsilon: Float,
        iteration: Int, norms: Buffer<Float>
    ) throws {
        try sound.adam(
            x, gradient: gradient, mean: mean, meanSquare: meanSquare, clipping: clipping,
            learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, iteration: iteration,
            norms: norms)
    }
    open func combine(_ x: Buffer<Float>, times a: Float, into y: Buffer<Float>, times b: Float) throws {
        try sound.combine(x, times: a, into: y, times: b)
    }
    open func clip(_ x: Buffer<Float>, by clipping: GradientClipping, squares: Buffer<Float>) throws {
        try sound.clip(x, by: clipping, squares: squares)
    }
    open func orthogonalize(_ blocks: [Matrix], by polynomials: [OddPolynomial]) throws {
        try sound.orthogonalize(blocks, by: polynomials)
    }
}
