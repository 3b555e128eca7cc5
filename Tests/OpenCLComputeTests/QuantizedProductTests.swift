import CPUKernels
import CharRNN
import OpenCLCompute
import TestSupport
import Testing

/// Products with weights of 8 bits, at the edges of tiles, panels and blocks.
@Suite("The products with weights of 8 bits")
struct QuantizedProductTests {
    struct Shape: CustomTestStringConvertible {
        let rows, columns, inner: Int
        var testDescription: String { "\(rows)×\(inner) · \(inner)×\(columns)" }
    }

    /// Tiles have up to 8 rows, a single row passes 4 panels of 16 columns at once, blocks have 32 rows or 32 kilobytes, and
    /// four of the inner rows lie together.
    static let shapes =
        (1...10).map { Shape(rows: $0, columns: 35, inner: 9) }
        + [1, 15, 16, 17, 63, 64, 65, 145].map { Shape(rows: 1, columns: $0, inner: 10) }
        + [1, 2, 3, 4, 5, 127, 2049].map { Shape(rows: 3, columns: 17, inner: $0) }
        + [31, 32, 33, 70].map { Shape(rows: $0, columns: 18, inner: 12) } + [Shape(rows: 9, columns: 16, inner: 9000)]

    /// c with two columns to the right of it, which are not its own.
    private func product(
        _ a: [Float], _ b: [Float], _ shape: Shape, stride: Int? = nil, onto start: Float? = nil
    ) -> [Float] {
        let (rows, columns, inner) = (shape.rows, shape.columns, shape.inner)
        var panels = [Int32](repeating: -1, count: cpu_quantized_count(inner, columns))
        cpu_quantize(b, columns, inner, columns, &panels)
        let width = columns + 2
        var c = (0..<rows * width).map { $0 % width < columns ? start ?? .nan : 7 }
        cpu_product_quantized(a, stride ?? inner, panels, &c, width, rows, columns, inner, start != nil)
        let others = (0..<rows).flatMap { c[$0 * width + columns..<($0 + 1) * width] }
        expectSame(others, [Float](repeating: 7, count: 2 * rows), "the columns beside it")
        return (0..<rows).flatMap { c[$0 * width..<$0 * width + columns] }
    }

    @Test("Sums of whole numbers are exact", arguments: shapes.filter { $0.inner < 2098 })
    func exact(shape: Shape) {
        let (rows, columns, inner) = (shape.rows, shape.columns, shape.inner)
        var generator = SplitMix64(seed: 1)
        // Up to 63 and 127, which occur in each row and column, so that the scales are 1 and nothing is rounded.
        var a = (0..<rows * inner).map { _ in Float(Int.random(in: -63...63, using: &generator)) }
        var b = (0..<inner * columns).map { _ in Float(Int.random(in: -127...127, using: &generator)) }
        for i in 0..<rows { a[i * inner + i % inner] = i % 2 == 0 ? 63 : -63 }
        for j in 0..<columns { b[j % inner * columns + j] = j % 3 == 0 ? -127 : 127 }
        let expected = Reference.product(a.asDoubles, b.asDoubles, rows: rows, inner: inner, columns: columns)
        expectSame(product(a, b, shape), expected.map { Float($0) })
        expectSame(product(a, b, shape, onto: 5), expected.map { Float($0) + 5 }, "added")
    }

    @Test("The largest numbers do not saturate", arguments: [(63, 127), (63, -127), (-63, 127), (-63, -127)])
    func extremes(x: Int, weight: Int) {
        for rows in [1, 4, 8] {
            let shape = Shape(rows: rows, columns: 64, inner: 2048)
            let a = [Float](repeating: Float(x), count: rows * 2048)
            let b = [Float](repeating: Float(weight), count: 2048 * 64)
            expectSame(product(a, b, shape), [Float](repeating: Float(2048 * x * weight), count: rows * 64))
        }
    }

    @Test("A product is as close to that of the floats as its roundings allow", arguments: shapes)
    func rounding(shape: Shape) {
        let (rows, columns, inner, stride) = (shape.rows, shape.columns, shape.inner, shape.inner + 3)
        var numbers = Numbers()
        let spread = numbers.floats(rows * stride)
        let b = numbers.floats(inner * columns)
        let a = (0..<rows).flatMap { spread[$0 * stride..<$0 * stride + inner] }
        let expected = Reference.product(a.asDoubles, b.asDoubles, rows: rows, inner: inner, columns: columns)
        func largest(_ values: some Sequence<Float>) -> Double { Double(values.map(abs).max()!) }
        let rowSteps = (0..<rows).map { largest(a[$0 * inner..<($0 + 1) * inner]) / 63 }
        let columnSteps = (0..<columns).map { j in
            largest((0..<inner).map { b[$0 * columns + j] }) / 127 * (1 + 0x1p-16)
        }
        let bounds = (0..<rows * columns).map { index in
            let (i, j) = (index / columns, index % columns)
            let (t, s) = (rowSteps[i] / 2, columnSteps[j] / 2)
            return (0..<inner).reduce(1e-6) { sum, k in
                sum + Double(abs(a[i * inner + k])) * s + Double(abs(b[k * columns + j])) * t + s * t
            }
        }
        expectClose(product(spread, b, shape, stride: stride), expected, within: bounds)
    }

    @Test("A row has the same bits alone and among others")
    func rowsAlone() {
        let shape = Shape(rows: 37, columns: 130, inner: 50)
        var numbers = Numbers()
        let (a, b) = (numbers.floats(37 * 50), numbers.floats(50 * 130))
        let together = product(a, b, shape)
        for row in 0..<37 {
            let alone = product(
                Array(a[row * 50..<(row + 1) * 50]), b, Shape(rows: 1, columns: 130, inner: 50))
            expectSame(alone, Array(together[row * 130..<(row + 1) * 130]), "row \(row)")
        }
    }

    @Test("What is no number stays none, and zero zero")
    func specialNumbers() {
        let shape = Shape(rows: 5, columns: 17, inner: 6)
        var a = [Float](repeating: 1, count: 30)
        a[1] = .nan
        a[6] = -.infinity
        for i in 12..<18 { a[i] = 0 }
        for i in 18..<24 { a[i] = Float.leastNormalMagnitude / 100 }
        var b = [Float](repeating: 2, count: 6 * 17)
        b[17 + 3] = .nan
        b[17 + 4] = .infinity
        for i in 0..<6 { b[i * 17 + 5] = 0 }
        let c = product(a, b, shape)
        for j in 0..<17 {
            #expect(c[j].isNaN && c[17 + j].isNaN)
            let isBroken = j == 3 || j == 4
            #expect(c[2 * 17 + j].isNaN == isBroken && c[4 * 17 + j].isNaN == isBroken)
            if !isBroken {
                #expect(c[2 * 17 + j] == 0 && c[3 * 17 + j] == 0)
                #expect(abs(c[4 * 17 + j] - (j == 5 ? 0 : 12)) <= 1e-3, "\(c[4 * 17 + j])")
            }
        }
    }

    @Test("What is rounded is rounded to itself", arguments: [1e-29, 0.3, 1, 1e30] as [Float])
    func idempotence(size: Float) {
        var numbers = Numbers()
        for largest in numbers.floats(300, in: size / 2...size) {
            let scale = Quantization.scale(largest: largest)
            #expect(
                Double(scale) * 127 >= Double(largest) * (1 - unitRoundoff)
                    && Double(scale) * 127 <= Double(largest) * (1 + 0x1p-15))
            #expect(Quantization.weight(largest, scale: scale) == 127)
            #expect(Quantization.scale(largest: 127 * scale) == scale)
            for weight in -127...127 {
                let value = Float(weight) * scale
                #expect(Double(value) == Double(weight) * Double(scale))
                #expect(Quantization.weight(value, scale: scale) == weight)
            }
        }
    }

    @Test("The CPU device multiplies by them, shared among threads", arguments: [1, 2, 3])
    func device(threads: Int) throws {
        let backend = try Device.processor(threadCount: threads).backend()
        func matrix(_ values: [Float], _ rows: Int, _ columns: Int) throws -> Matrix {
            let buffer = try backend.makeBuffer(of: Float.self, count: values.count)
            try backend.write(values, to: buffer)
            return Matrix(buffer, rows: rows, columns: columns)
        }
        var numbers = Numbers()
        for rows in [1, 5, 300] {
            let (columns, inner) = (1590, 500)  // of a single row three parts
            let (a, b) = (numbers.floats(rows * inner), numbers.floats(inner * columns))
            let weights = try backend.quantized(matrix(b, inner, columns))
            let c = try matrix(unset(rows * columns), rows, columns)
            try backend.multiply(matrix(a, rows, inner), try backend.arranged(weights), into: c)
            let expected = product(a, b, Shape(rows: rows, columns: columns, inner: inner))
            expectSame(try backend.read(c.elements), expected, "\(rows) rows")
        }
    }

    /// Of 20 units, so that the columns of most products begin inside a panel of 16. All of U but one matrix is zero at a time:
    /// only a gate of that matrix can show what was rounded.
    @Test("Every product of a cell's step is one of them", arguments: RecurrentCell.allCases, [1, 5])
    func steps(cell: RecurrentCell, batchSize: Int) throws {
        let (h, matrices) = (20, cell.recurrentMatrixCount)
        for matrix in 0..<matrices {
            let recurrent = RecurrentExample(cell, steps: 1, batchSize: batchSize, hiddenSize: h).recurrent
            let alone = recurrent.enumerated().map { index, weight in
                index % (matrices * h) / h == matrix ? weight : 0
            }
            let example = RecurrentExample(
                cell, steps: 1, batchSize: batchSize, hiddenSize: h, recurrent: rounded(alone, columns: matrices * h))
            let run = try RecurrentRun(example, on: .cpu)
            let backend = run.bench.backend
            let weights = try run.weights.mapFactors(of: cell) { try backend.quantized($0) }
            try run.forward(with: weights)
            let worst = zip(try run.bench.read(run.sequence.gates), example.activations.gates)
                .map { abs(Double($0) - $1) }.max()!
            #expect(worst > 1e-4 && worst < 0.05, "matrix \(matrix): \(worst)")
        }
    }

    /// What the weights are in 8 bits.
    private func rounded(_ weights: [Float], columns: Int) -> [Float] {
        let scales = (0..<columns).map { first in
            let magnitudes = stride(from: first, to: weights.count, by: columns).map { abs(weights[$0]) }
            return Quantization.scale(largest: magnitudes.max()!)
        }
        return weights.enumerated().map { index, weight in
            let scale = scales[index % columns]
            return scale * Float(Quantization.weight(weight, scale: scale))
        }
    }
}
