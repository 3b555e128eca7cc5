extension OpenCLBackend {
    func multiply(_ a: Matrix, _ b: Matrix, into c: Matrix, adding: Bool) throws {
        try enqueue { stream in try stream.multiply(a, b, into: c, adding: adding) }
    }

    func add(_ x: Buffer<Float>, to sum: Buffer<Float>) throws {
        checkAddition(x, to: sum)
        try enqueue { stream in
            try stream.launch("rows_add_bias", rows: 1, columns: sum.count, 1, sum.count, sum, x)
        }
    }

    func addBias(_ bias: Buffer<Float>, to matrix: Matrix) throws {
        checkBias(bias, for: matrix)
        try enqueue { stream in
            try stream.launch(
                "rows_add_bias", rows: matrix.rows, columns: matrix.columns, matrix.rows, matrix.columns, matrix, bias)
        }
    }

    func columnSums(of matrix: Matrix, into sums: Buffer<Float>) throws {
        checkColumnSums(of: matrix, into: sums)
        try enqueue { stream in try stream.sumColumns(of: matrix, into: sums) }
    }

    func mean(of elements: Buffer<Float>, into result: Buffer<Float>) throws {
        checkMean(of: elements, into: result)
        try enqueue { stream in
            try stream.launch("reduce_rows", groups: 1, elements.count, 1 / Float(elements.count), elements, result)
        }
    }

    func gatherRows(of table: Matrix, at indices: Buffer<Int32>, into rows: Matrix) throws {
        checkGather(of: table, at: indices, into: rows)
        try enqueue { stream in
            try stream.launch(
                "rows_gather", rows: rows.rows, columns: rows.columns, rows.rows, rows.columns, rows.stride, table,
                indices, rows)
        }
    }

    func scatterRows(_ rows: Matrix, by groups: IndexGroups, into table: Matrix) throws {
        checkScatter(rows, by: groups, into: table)
        try enqueue { stream in
            try stream.launch(
                "rows_scatter", rows: table.rows, columns: table.columns, table.rows, table.columns, rows.stride,
                rows, groups.starts, groups.positions, table)
        }
    }

    func gatherColumns(of table: Matrix, at indices: Buffer<Int32>, into rows: Matrix) throws {
        checkColumns(of: table, at: indices, as: rows)
        try enqueue { stream in
            try stream.launch(
                "rows_gather_columns", rows: rows.rows, columns: rows.columns, rows.rows, rows.columns, table.columns,
                table, indices, rows)
        }
    }

    func scatterColumns(_ rows: Matrix, at indices: Buffer<Int32>, into table: Matrix) throws {
        checkColumns(of: table, at: indices, as: rows)
        try enqueue { stream in
            try stream.fill(table.elements, with: 0)
            try stream.launch(
                "rows_scatter_columns", rows: rows.rows, columns: rows.columns, rows.rows, rows.columns, table.columns,
                rows, indices, table)
        }
    }
}

extension OpenCLStream {
    /// How many rows are summed in one go: fixed, so that the order does not depend on the device.
    private static var partRows: Int { 64 }

    mutating func sumColumns(of matrix: Matrix, into sums: Buffer<Float>) throws {
        guard matrix.rows > 0 else { return try fill(sums, with: 0) }
        let columns = matrix.columns
        let parts = matrix.rows.dividedRoundingUp(by: Self.partRows)
        let partial = parts == 1 ? sums : try workspace(.sums, count: parts * columns)
        try launch(
            "reduce_columns", rows: parts, columns: columns, matrix.rows, columns, Self.partRows, matrix, partial)
        if parts > 1 {
            try launch("reduce_columns", rows: 1, columns: columns, parts, columns, parts, partial, sums)
        }
    }
}
