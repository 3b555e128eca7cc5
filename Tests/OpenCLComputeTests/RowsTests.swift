import OpenCLCompute
import TestSupport
import Testing

@Suite("Rows of a table, for one-hot input")
struct RowsTests {
    /// The table's rows, its columns, and how many of them are asked for.
    static let shapes = [
        (1, 1, 1), (65, 7, 129), (7, 65, 1), (129, 129, 65), (65, 516, 300),
        // More than a launch may have.
        (5, 3, 2 * 65_535 + 9),
    ]

    @Test("Rows are gathered exactly", arguments: Device.underTest, shapes)
    func gather(device: Device, shape: (rows: Int, columns: Int, indices: Int)) throws {
        var numbers = Numbers()
        let table = numbers.floats(shape.rows * shape.columns)
        let indices = numbers.indices(shape.indices, below: shape.rows)

        let bench = try Workbench(device)
        let rows = try bench.matrix(
            unset(shape.indices * shape.columns), rows: shape.indices, columns: shape.columns)
        try bench.backend.gatherRows(
            of: try bench.matrix(table, rows: shape.rows, columns: shape.columns),
            at: try bench.indices(indices), into: rows)

        expectSame(try bench.read(rows), Reference.gather(table, at: indices, columns: shape.columns))
        try bench.expectSurroundingsUntouched()
    }

    @Test("Rows are scattered into sums, and rows without any become zero", arguments: Device.underTest, shapes)
    func scatter(device: Device, shape: (rows: Int, columns: Int, indices: Int)) throws {
        var numbers = Numbers()
        let values = numbers.floats(shape.indices * shape.columns)
        // Only even indices occur: at the ends, in the middle and beside each other there are empty groups.
        let indices = numbers.indices(shape.indices, below: shape.rows).map { $0 / 2 * 2 }

        let bench = try Workbench(device)
        let table = try bench.matrix(unset(shape.rows * shape.columns), rows: shape.rows, columns: shape.columns)
        try bench.backend.scatterRows(
            try bench.matrix(values, rows: shape.indices, columns: shape.columns),
            by: try bench.groups(of: indices, count: shape.rows), into: table)

        func scattered(_ values: [Double]) -> [Double] {
            Reference.scatter(values, at: indices, into: shape.rows, columns: shape.columns)
        }
        // Each term takes part in at most as many roundings as there are terms.
        let bounds = scattered(values.asDoubles.magnitudes).map { Double(shape.indices) * unitRoundoff * $0 }
        expectClose(try bench.read(table), scattered(values.asDoubles), within: bounds)
        try bench.expectSurroundingsUntouched()
    }

    @Test("Scattering no rows clears the table", arguments: Device.underTest)
    func scatterNothing(device: Device) throws {
        let bench = try Workbench(device)
        let table = try bench.matrix(unset(21), rows: 3, columns: 7)
        try bench.backend.scatterRows(
            try bench.matrix([], rows: 0, columns: 7), by: try bench.groups(of: [], count: 3), into: table)
        expectSame(try bench.read(table), [Float](repeating: 0, count: 21))
        try bench.expectSurroundingsUntouched()
    }

    /// The table's rows and columns, and how many of these are asked for.
    static let columnShapes = [
        (1, 1, 1), (7, 65, 64), (65, 129, 1), (129, 65, 65), (17, 516, 300), (3, 70_000, 66_000),
    ]

    @Test("Columns are gathered exactly", arguments: Device.underTest, columnShapes)
    func gatherColumns(device: Device, shape: (rows: Int, columns: Int, indices: Int)) throws {
        var numbers = Numbers()
        let table = numbers.floats(shape.rows * shape.columns)
        // In no order, and one of them twice where there is another.
        var indices = numbers.indices(shape.indices, below: shape.columns)
        indices[0] = indices.last!

        let bench = try Workbench(device)
        let rows = try bench.matrix(unset(shape.indices * shape.rows), rows: shape.indices, columns: shape.rows)
        try bench.backend.gatherColumns(
            of: try bench.matrix(table, rows: shape.rows, columns: shape.columns),
            at: try bench.indices(indices), into: rows)

        let expected = indices.flatMap { index in
            (0..<shape.rows).map { table[$0 * shape.columns + Int(index)] }
        }
        expectSame(try bench.read(rows), expected)
        try bench.expectSurroundingsUntouched()
    }

    @Test("Rows become columns, and the other columns zero", arguments: Device.underTest, columnShapes)
    func scatterColumns(device: Device, shape: (rows: Int, columns: Int, indices: Int)) throws {
        var numbers = Numbers()
        let values = numbers.floats(shape.indices * shape.rows)
        // From the last column on, each once.
        let indices = (0..<shape.indices).map { Int32(shape.columns - 1 - $0) }

        let bench = try Workbench(device)
        let table = try bench.matrix(unset(shape.rows * shape.columns), rows: shape.rows, columns: shape.columns)
        try bench.backend.scatterColumns(
            try bench.matrix(values, rows: shape.indices, columns: shape.rows), at: try bench.indices(indices),
            into: table)

        var expected = [Float](repeating: 0, count: shape.rows * shape.columns)
        for (k, index) in indices.enumerated() {
            for row in 0..<shape.rows { expected[row * shape.columns + Int(index)] = values[k * shape.rows + row] }
        }
        expectSame(try bench.read(table), expected)
        try bench.expectSurroundingsUntouched()
    }

    @Test("Positions are grouped by index, ascending, with empty groups where an index is missing")
    func grouping() {
        let (starts, positions) = IndexGroups.grouping([3, 1, 3, 0, 1, 3], count: 5)
        #expect(starts == [0, 1, 3, 3, 6, 6])
        #expect(positions == [3, 1, 4, 0, 2, 5])

        let nothing = IndexGroups.grouping([], count: 2)
        #expect(nothing.starts == [0, 0, 0])
        #expect(nothing.positions == [])
    }

    @Test("Every position is in the group of its own index")
    func groupingIsComplete() {
        var numbers = Numbers()
        let indices = numbers.indices(1000, below: 65)
        let (starts, positions) = IndexGroups.grouping(indices, count: 65)
        #expect(positions.sorted() == Array(0..<1000))
        for v in 0..<65 {
            let group = positions[Int(starts[v])..<Int(starts[v + 1])]
            #expect(group.allSatisfy { indices[Int($0)] == Int32(v) })
            #expect(group.sorted() == Array(group))
        }
    }
}
