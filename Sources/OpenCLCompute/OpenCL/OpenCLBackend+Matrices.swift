extension OpenCLBackend {
    func multiply(_ a: Matrix, _ b: Matrix, into c: Matrix, adding: Bool) throws {
        try enqueue { stream in
            try stream.multiply(OpenCLMatrix(a), OpenCLMatrix(b), into: OpenCLMatrix(c), adding: adding)
        }
    }

    func addBias(_ bias: Buffer<Float>, to matrix: Matrix) throws {
        precondition(bias.count == matrix.columns, "a bias of \(bias.count) for a matrix of \(matrix.shape)")
        try enqueue { stream in
            try stream.launch(
                "rows_add_bias", rows: matrix.rows, columns: matrix.columns, matrix.rows, matrix.columns, matrix, bias)
        }
    }

    func columnSums(of matrix: Matrix, into sums: Buffer<Float>) throws {
        precondition(sums.count == matrix.columns, "\(sums.count) column sums of a matrix of \(matrix.shape)")
        try enqueue { stream in try stream.sumColumns(of: matrix, into: sums) }
    }

    func mean(of elements: Buffer<Float>, into result: Buffer<Float>) throws {
        precondition(elements.count > 0 && result.count >= 1, "a mean of \(elements.count) into \(result.count)")
        try enqueue { stream in
            try stream.launch("reduce_rows", groups: 1, elements.count, 1 / Float(elements.count), elements, result)
        }
    }

    func gatherRows(of table: Matrix, at indices: Buffer<Int32>, into rows: Matrix) throws {
        precondition(
            rows.rows == indices.count && rows.columns == table.columns,
            "\(indices.count) rows of a table of \(table.shape) do not go into \(rows.shape)")
        try enqueue { stream in
            try stream.launch(
                "rows_gather", rows: rows.rows, columns: rows.columns, rows.rows, rows.columns, table, indices, rows)
        }
    }

    func scatterRows(_ rows: Matrix, by groups: IndexGroups, into table: Matrix) throws {
        precondition(
            groups.starts.count == table.rows + 1 && groups.positions.count == rows.rows
                && rows.columns == table.columns,
            "rows of \(rows.shape) in \(groups.starts.count - 1) groups do not go into a table of \(table.shape)")
        try enqueue { stream in
            try stream.launch(
                "rows_scatter", rows: table.rows, columns: table.columns, table.rows, table.columns, rows,
                groups.starts, groups.positions, table)
        }
    }
}

extension OpenCLStream {
    /// How many rows are summed in one go: fixed, so that the order does not depend on the device.
    private static var sliceRows: Int { 64 }

    mutating func sumColumns(of matrix: Matrix, into sums: Buffer<Float>) throws {
        guard matrix.rows > 0 else { return try fill(sums, with: 0) }
        let columns = matrix.columns
        let slices = matrix.rows.dividedRoundingUp(by: Self.sliceRows)
        let partial = slices == 1 ? sums : try workspace(.sums, count: slices * columns)
        try launch(
            "reduce_columns", rows: slices, columns: columns, matrix.rows, columns, Self.sliceRows, matrix, partial)
        if slices > 1 {
            try launch("reduce_columns", rows: 1, columns: columns, slices, columns, slices, partial, sums)
        }
    }
}
