import OpenCLCompute
import TestSupport
import Testing

@Suite("Biases, column sums and means")
struct ReduceTests {
    /// Rows and columns.
    static let shapes = [(1, 1), (7, 65), (65, 7), (129, 129), (2500, 65), (1, 1031)]

    @Test("A bias is added to each row", arguments: Device.underTest, shapes)
    func bias(device: Device, shape: (rows: Int, columns: Int)) throws {
        var numbers = Numbers()
        let values = numbers.floats(shape.rows * shape.columns)
        let bias = numbers.floats(shape.columns)

        let bench = try Workbench(device)
        let matrix = try bench.matrix(values, rows: shape.rows, columns: shape.columns)
        try bench.backend.addBias(try bench.buffer(bias), to: matrix)

        // One addition, of numbers up to 1.
        let expected = Reference.addBias(bias.asDoubles, to: values.asDoubles)
        expectClose(try bench.read(matrix), expected, within: 2 * unitRoundoff)
        try bench.expectSurroundingsUntouched()
    }

    @Test("Column sums agree with the reference", arguments: Device.underTest, shapes)
    func columnSums(device: Device, shape: (rows: Int, columns: Int)) throws {
        var numbers = Numbers()
        let values = numbers.floats(shape.rows * shape.columns)

        let bench = try Workbench(device)
        let matrix = try bench.matrix(values, rows: shape.rows, columns: shape.columns)
        let sums = try bench.buffer(unset(shape.columns))
        try bench.backend.columnSums(of: matrix, into: sums)

        // Each term takes part in at most as many roundings as there are terms; they are of either sign.
        let sizes = Reference.columnSums(values.asDoubles.magnitudes, columns: shape.columns)
        let roundings = 4 * Double(shape.rows).squareRoot()
        expectClose(
            try bench.read(sums), Reference.columnSums(values.asDoubles, columns: shape.columns),
            within: sizes.map { roundings * unitRoundoff * $0 })
        try bench.expectSurroundingsUntouched()
    }

    @Test("Column sums over no rows are zero", arguments: Device.underTest)
    func noRows(device: Device) throws {
        let bench = try Workbench(device)
        let sums = try bench.buffer(unset(7))
        try bench.backend.columnSums(of: try bench.matrix([], rows: 0, columns: 7), into: sums)
        expectSame(try bench.read(sums), [Float](repeating: 0, count: 7))
    }

    @Test("The mean agrees with the reference", arguments: Device.underTest, [1, 7, 65, 129, 2500, 100_003])
    func mean(device: Device, count: Int) throws {
        var numbers = Numbers()
        let values = numbers.floats(count, in: 0...4)

        let bench = try Workbench(device)
        let result = try bench.buffer(unset(1))
        try bench.backend.mean(of: try bench.buffer(values), into: result)

        // As for column sums; of positive terms the sum is the sum of sizes.
        let expected = values.asDoubles.reduce(0, +) / Double(count)
        let roundings = 4 * Double(count).squareRoot()
        expectClose(try bench.read(result), [expected], within: roundings * unitRoundoff * expected)
        try bench.expectSurroundingsUntouched()
    }
}
