import OpenCLCompute
import TestSupport
import Testing

@Suite("Matrices and their product")
struct MatrixTests {
    struct Shape: CustomTestStringConvertible {
        let rows, columns, inner: Int
        var testDescription: String { "\(rows)×\(inner) · \(inner)×\(columns)" }
    }

    static let shapes = [
        Shape(rows: 1, columns: 1, inner: 1), Shape(rows: 1, columns: 129, inner: 65),
        Shape(rows: 65, columns: 1, inner: 7), Shape(rows: 7, columns: 65, inner: 129),
        Shape(rows: 129, columns: 7, inner: 1), Shape(rows: 65, columns: 129, inner: 65),
        // Enough work to be shared among threads, by columns and by rows.
        Shape(rows: 129, columns: 257, inner: 129), Shape(rows: 257, columns: 129, inner: 129),
        // More than 2¹⁶ elements: of the result, for which the CPU asks OpenBLAS, and of columns that it packs at a time.
        Shape(rows: 257, columns: 260, inner: 65), Shape(rows: 5, columns: 17, inner: 16_390),
    ]

    @Test("A product agrees with the reference, whatever is transposed", arguments: Device.underTest, shapes)
    func product(device: Device, shape: Shape) throws {
        for (aIsTransposed, bIsTransposed) in [(false, false), (true, false), (false, true), (true, true)] {
            for adding in [false, true] {
                try expectProduct(shape, aIsTransposed, bIsTransposed, adding, on: device)
            }
        }
    }

    @Test("With an arranged factor a product has the same bits", arguments: Device.underTest, shapes)
    func arranged(device: Device, shape: Shape) throws {
        var numbers = Numbers()
        let bench = try Workbench(device)
        let a = try bench.matrix(numbers.floats(shape.rows * shape.inner), rows: shape.rows, columns: shape.inner)
        let b = try bench.matrix(numbers.floats(shape.inner * shape.columns), rows: shape.inner, columns: shape.columns)
        let arranged = try bench.backend.arranged(b)
        let before = numbers.floats(shape.rows * shape.columns)
        // Few rows go another way than many.
        for rows in Set([1, min(5, shape.rows), shape.rows]) {
            for adding in [false, true] {
                let results = try [b, arranged].map { b in
                    let c = try bench.matrix(before, rows: shape.rows, columns: shape.columns)
                    try bench.backend.multiply(a.rows(0..<rows), b, into: c.rows(0..<rows), adding: adding)
                    return try bench.read(c)
                }
                expectSame(results[1], results[0], "\(rows) rows on \(device)")
            }
        }
        try bench.expectSurroundingsUntouched()
    }

    @Test("A product with its own transpose agrees with the reference", arguments: Device.underTest)
    func ownTranspose(device: Device) throws {
        for (rows, columns) in [(63, 5), (64, 64), (65, 33), (129, 1), (100, 257)] {
            var numbers = Numbers()
            let a = numbers.floats(rows * columns)
            let bench = try Workbench(device)
            let matrix = try bench.matrix(a, rows: rows, columns: columns)
            let result = try bench.matrix(unset(rows * rows), rows: rows, columns: rows)
            try bench.backend.multiply(matrix, matrix.transposed, into: result)
            let transposed = Reference.transpose(a.asDoubles, rows: rows, columns: columns)
            let expected = Reference.product(a.asDoubles, transposed, rows: rows, inner: columns, columns: rows)
            // On the diagonal a third of the products' largest sum, and a rounding for each.
            let bound = 8 * Double(columns).squareRoot() * unitRoundoff * (1 + Double(columns) / 3)
            expectClose(try bench.read(result), expected, within: bound, "\(rows)×\(columns) on \(device)")
            let square = try bench.matrix(numbers.floats(rows * rows), rows: rows, columns: rows)
            try bench.backend.multiply(matrix, matrix.transposed, into: square, adding: true)
            #expect(try bench.read(square) != bench.read(result))
            try bench.expectSurroundingsUntouched()
        }
    }

    @Test("A product over nothing is zero, or adds nothing", arguments: Device.underTest)
    func emptyInner(device: Device) throws {
        let bench = try Workbench(device)
        let a = try bench.matrix([], rows: 3, columns: 0)
        let b = try bench.matrix([], rows: 0, columns: 5)
        let c = try bench.matrix(unset(15), rows: 3, columns: 5)
        try bench.backend.multiply(a, b, into: c)
        expectSame(try bench.read(c), [Float](repeating: 0, count: 15))

        let sum = try bench.matrix([Float](repeating: 2, count: 15), rows: 3, columns: 5)
        try bench.backend.multiply(a, b, into: sum, adding: true)
        expectSame(try bench.read(sum), [Float](repeating: 2, count: 15))
        try bench.expectSurroundingsUntouched()
    }

    @Test("A product without rows or without columns writes nothing", arguments: Device.underTest)
    func emptyResult(device: Device) throws {
        let bench = try Workbench(device)
        let a = try bench.matrix([1, 2, 3, 4], rows: 2, columns: 2)
        let noRows = try bench.matrix([], rows: 0, columns: 2)
        let noColumns = try bench.matrix([], rows: 2, columns: 0)
        try bench.backend.multiply(noRows, a, into: noRows)
        try bench.backend.multiply(a, noColumns, into: noColumns)
        try bench.expectSurroundingsUntouched()
    }

    @Test("Some columns of a matrix take part in a product like a matrix of their own", arguments: Device.underTest)
    func someColumns(device: Device) throws {
        let bench = try Workbench(device)
        var numbers = Numbers()
        let (a, b) = (numbers.floats(7 * 20), numbers.floats(9 * 30))
        let c = try bench.matrix(numbers.floats(7 * 25), rows: 7, columns: 25)
        let before = try bench.read(c)
        // Columns 3..<12 of a, 4..<17 of b, into 2..<15 of c.
        try bench.backend.multiply(
            bench.matrix(a, rows: 7, columns: 20).columns(3..<12),
            bench.matrix(b, rows: 9, columns: 30).columns(4..<17),
            into: c.columns(2..<15))
        func part(_ values: [Float], _ width: Int, _ range: Range<Int>) -> [Double] {
            stride(from: 0, to: values.count, by: width).flatMap {
                values[$0 + range.lowerBound..<$0 + range.upperBound]
            }
            .map(Double.init)
        }
        let expected = Reference.product(
            part(a, 20, 3..<12), part(b, 30, 4..<17), rows: 7, inner: 9, columns: 13)
        let after = try bench.read(c)
        expectClose(part(after, 25, 2..<15).map { Float($0) }, expected, within: 4 * 9 * unitRoundoff)
        for columns in [0..<2, 15..<25] {
            #expect(part(after, 25, columns) == part(before, 25, columns), "columns \(columns) are not the product's")
        }
    }

    @Test("Some rows of a matrix take part in a product like a matrix of their own", arguments: Device.underTest)
    func someRows(device: Device) throws {
        let bench = try Workbench(device)
        let a = try bench.matrix([9, 9, 1, 2, 3, 4, 9, 9], rows: 4, columns: 2)
        let b = try bench.matrix([5, 6, 7, 8], rows: 2, columns: 2)
        let c = try bench.matrix([0, 0, 0, 0, 0, 0, 9, 9], rows: 4, columns: 2)
        try bench.backend.multiply(a.rows(1..<3), b, into: c.rows(1..<3))
        expectSame(try bench.read(c), [0, 0, 19, 22, 43, 50, 9, 9])
    }

    @Test("The transpose swaps rows and columns, and twice is nothing")
    func transpose() throws {
        let matrix = try Device.cpu.backend().makeMatrix(rows: 2, columns: 3)
        #expect((matrix.transposed.rows, matrix.transposed.columns) == (3, 2))
        #expect((matrix.transposed.transposed.rows, matrix.transposed.transposed.columns) == (2, 3))
    }

    @Test("Factors that do not fit trap, in release builds, too, with their shapes")
    func mismatch() async throws {
        let end = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let bench = try Workbench(.cpu)
            let a = try bench.matrix([1, 2, 3, 4, 5, 6], rows: 2, columns: 3)
            let c = try bench.matrix([1, 2, 3, 4], rows: 2, columns: 2)
            try bench.backend.multiply(a, a, into: c)
        }
        let message = String(decoding: try #require(end).standardErrorContent, as: UTF8.self)
        #expect(message.contains("product of 2×3 and 2×3 into 2×2"), "\(message)")
    }

    private func expectProduct(
        _ shape: Shape, _ aIsTransposed: Bool, _ bIsTransposed: Bool, _ adding: Bool, on device: Device
    ) throws {
        let (rows, columns, inner) = (shape.rows, shape.columns, shape.inner)
        var numbers = Numbers()
        let a = numbers.floats(rows * inner)
        let b = numbers.floats(inner * columns)
        let before = adding ? numbers.floats(rows * columns) : unset(rows * columns)

        let bench = try Workbench(device)
        func factor(_ values: [Float], _ rows: Int, _ columns: Int, isTransposed: Bool) throws -> Matrix {
            guard isTransposed else { return try bench.matrix(values, rows: rows, columns: columns) }
            let stored = Reference.transpose(values, rows: rows, columns: columns)
            return try bench.matrix(stored, rows: columns, columns: rows).transposed
        }
        let c = try bench.matrix(before, rows: rows, columns: columns)
        try bench.backend.multiply(
            factor(a, rows, inner, isTransposed: aIsTransposed),
            factor(b, inner, columns, isTransposed: bIsTransposed), into: c, adding: adding)

        let start = adding ? before.asDoubles : [Double](repeating: 0, count: rows * columns)
        func sum(_ a: [Double], _ b: [Double], _ start: [Double]) -> [Double] {
            zip(Reference.product(a, b, rows: rows, inner: inner, columns: columns), start).map { $0 + $1 }
        }
        let expected = sum(a.asDoubles, b.asDoubles, start)
        // In whatever order they are added, each of k terms takes part in at most k + 1 roundings.
        let sizes = sum(a.asDoubles.magnitudes, b.asDoubles.magnitudes, start.magnitudes)
        expectClose(
            try bench.read(c), expected, within: sizes.map { Double(inner + 1) * unitRoundoff * $0 },
            "a\(aIsTransposed ? "ᵀ" : "")·b\(bIsTransposed ? "ᵀ" : "")\(adding ? " added" : "")")
        try bench.expectSurroundingsUntouched()
    }
}
