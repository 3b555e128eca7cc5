import COpenBLAS
import CPUKernels

extension CPUBackend {
    func multiply(_ a: Matrix, _ b: Matrix, into c: Matrix, adding: Bool) {
        checkProduct(a, b, into: c)
        if let panels = PackedPanels(of: b), !a.isTransposed {
            return multiplyArranged(HostMatrix(a), panels, into: c, adding: adding)
        }
        multiply(HostMatrix(a), HostMatrix(b), into: c.pointer(), stride: c.stride, adding: adding)
    }

    /// c (a.rows × b.columns, rows `stride` apart) = a·b, or c += a·b when `adding`.
    ///
    /// Kernels of our own are some tenths faster than OpenBLAS, which copies more. Where a large a is read by columns, they
    /// have to copy as much: with AVX2 it is some per cent faster then; with AVX-512 it is as fast where it knows the
    /// processor, and half as fast where it is older than that.
    func multiply(
        _ a: HostMatrix, _ b: HostMatrix, into c: UnsafeMutablePointer<Float>, stride: Int, adding: Bool
    ) {
        let shape = (rows: a.rows, columns: b.columns, depth: a.columns)
        guard shape.rows > 0, shape.columns > 0 else { return }
        if shape.depth == 0 {
            if !adding { for row in 0..<shape.rows { (c + row * stride).update(repeating: 0, count: shape.columns) } }
        } else if a.isTransposed && (b.isTransposed || shape.rows * shape.columns > 1 << 16 && !cpu_product_is_wide()) {
            multiplyByOpenBLAS(a, b, into: c, stride: stride, shape, adding: adding)
        } else if b.isTransposed {
            multiplyPacked(a, b, into: c, stride: stride, shape, adding: adding)
        } else {
            multiplyPlain(a, b, into: c, stride: stride, shape, adding: adding)
        }
    }

    private typealias Shape = (rows: Int, columns: Int, depth: Int)

    func arranged(_ matrix: Matrix) throws -> Matrix {
        guard matrix.rows > 0, matrix.columns > 0, matrix.quantizedPanels == nil else { return matrix }
        let panels = try makeBuffer(of: Float.self, count: cpu_packed_count(matrix.rows, matrix.columns))
        pack(HostMatrix(matrix), into: panels.pointer)
        return matrix.with(panels)
    }

    func quantized(_ matrix: Matrix) throws -> Matrix {
        checkQuantization(of: matrix)
        guard matrix.rows > 0, matrix.columns > 0 else { return matrix }
        let panels = try makeBuffer(of: Int32.self, count: cpu_quantized_count(matrix.rows, matrix.columns))
        cpu_quantize(matrix.pointer(), matrix.stride, matrix.rows, matrix.columns, panels.pointer)
        return matrix.with(quantizedPanels: panels)
    }

    /// With b in panels. The longer side of c is shared among the threads.
    private func multiplyArranged(_ a: HostMatrix, _ panels: PackedPanels, into c: Matrix, adding: Bool) {
        let (stride, depth) = (c.stride, a.columns)
        nonisolated(unsafe) let result = c.pointer()
        if a.rows == 1 {
            return panels.multiplyRow(
                a.pointer(row: 0), into: result, columns: c.columns, depth: depth, adding: adding, on: self)
        }
        eachPart(of: (a.rows, c.columns, depth)) { rows, columns in
            panels.from(column: columns.lowerBound, depth: depth).multiply(
                a.pointer(row: rows.lowerBound), a.stride,
                into: result + rows.lowerBound * stride + columns.lowerBound, stride, rows: rows.count,
                columns: columns.count, depth: depth, adding: adding)
        }
    }

    /// With b as it lies in memory. The longer side of c is shared among the threads.
    private func multiplyPlain(
        _ a: HostMatrix, _ b: HostMatrix, into c: UnsafeMutablePointer<Float>, stride: Int, _ shape: Shape, adding: Bool
    ) {
        nonisolated(unsafe) let c = c
        eachPart(of: shape) { rows, columns in
            (a.isTransposed ? cpu_product_transposed : cpu_product)(
                a.pointer(row: rows.lowerBound), a.stride, b.pointer(column: columns.lowerBound), b.stride,
                c + rows.lowerBound * stride + columns.lowerBound, stride, rows.count, columns.count, shape.depth,
                adding)
        }
    }

    /// The rows of a are shared among the threads; the transpose of b is packed for all of them, as much at a time as
    /// takes two megabytes: of deep products a slice, so that a, which is the larger then, is read once.
    private func multiplyPacked(
        _ a: HostMatrix, _ b: HostMatrix, into c: UnsafeMutablePointer<Float>, stride: Int, _ shape: Shape, adding: Bool
    ) {
        let (rows, n, depth) = shape
        let width = Int(cpu_panel_width)
        let slices = (depth + Self.deepest - 1) / Self.deepest
        let mostDepth = (depth + slices - 1) / slices
        let most = max(width, (1 << 19) / mostDepth / width * width)
        withUnsafeTemporaryAllocation(of: Float.self, capacity: cpu_packed_count(mostDepth, min(n, most))) { room in
            nonisolated(unsafe) let (packed, c) = (room.baseAddress!, c)
            for slice in 0..<slices {
                let start = depth * slice / slices
                let k = depth * (slice + 1) / slices - start
                for first in Swift.stride(from: 0, to: n, by: most) {
                    let columns = first..<min(n, first + most)
                    pack(b.rows(start..<start + k).columns(columns), into: packed)
                    parallel(rows, grain: grain(of: rows, (rows, columns.count, k))) { part in
                        cpu_product_packed(
                            a.pointer(row: part.lowerBound) + start, a.stride, packed,
                            c + part.lowerBound * stride + first, stride, part.count, columns.count, k,
                            adding || start > 0)
                    }
                }
            }
        }
    }

    /// The largest depth of a product that is multiplied in one go.
    private static let deepest = 2048

    /// Writes b in panels, shared among the threads.
    func pack(_ b: HostMatrix, into packed: UnsafeMutablePointer<Float>) {
        nonisolated(unsafe) let packed = packed
        // A thread copies this many in some 20 µs.
        parallel(b.columns, grain: max(1, (1 << 16) / b.rows), alignment: Int(cpu_panel_width)) { part in
            (b.isTransposed ? cpu_pack_transposed : cpu_pack)(
                b.pointer(column: part.lowerBound), b.stride, b.rows, part.count, packed + part.lowerBound * b.rows)
        }
    }

    /// The longer side of c is shared among the threads.
    private func multiplyByOpenBLAS(
        _ a: HostMatrix, _ b: HostMatrix, into c: UnsafeMutablePointer<Float>, stride: Int, _ shape: Shape, adding: Bool
    ) {
        nonisolated(unsafe) let c = c
        OpenBLAS.onCallingThread {
            eachPart(of: shape) { rows, columns in
                cblas_sgemm(
                    CblasRowMajor, a.isTransposed ? CblasTrans : CblasNoTrans,
                    b.isTransposed ? CblasTrans : CblasNoTrans, blasint(rows.count), blasint(columns.count),
                    blasint(shape.depth), 1,
                    a.pointer(row: rows.lowerBound), blasint(a.stride),
                    b.pointer(column: columns.lowerBound), blasint(b.stride), adding ? 1 : 0,
                    c + rows.lowerBound * stride + columns.lowerBound, blasint(stride))
            }
        }
    }

    /// Parts of the longer side of c, side by side, with the whole of the other.
    private func eachPart(
        of shape: Shape, _ body: @Sendable (_ rows: Range<Int>, _ columns: Range<Int>) -> Void
    ) {
        let byRows = shape.rows >= shape.columns
        let length = byRows ? shape.rows : shape.columns
        parallel(length, grain: grain(of: length, shape), alignment: 16) { part in
            body(byRows ? part : 0..<shape.rows, byRows ? 0..<shape.columns : part)
        }
    }

    /// The part of a side of c that is worth a thread: some 10 µs of multiplying or, in a single row, of reading b.
    private func grain(of length: Int, _ shape: Shape) -> Int {
        max(16, length * 500_000 / (max(2, shape.rows) * shape.columns * shape.depth))
    }

    func add(_ x: Buffer<Float>, to sum: Buffer<Float>) {
        checkAddition(x, to: sum)
        parallel(x.count, grain: 1 << 15, alignment: 16) { range in
            cpu_rows_add_bias(sum.pointer + range.lowerBound, x.pointer + range.lowerBound, 1, range.count)
        }
    }

    func addBias(_ bias: Buffer<Float>, to matrix: Matrix) {
        checkBias(bias, for: matrix)
        parallel(matrix.rows, grain: grain(rowLength: matrix.columns)) { rows in
            cpu_rows_add_bias(matrix.pointer(row: rows.lowerBound), bias.pointer, rows.count, matrix.columns)
        }
    }

    func columnSums(of matrix: Matrix, into sums: Buffer<Float>) {
        checkColumnSums(of: matrix, into: sums)
        parallel(matrix.columns, grain: grain(rowLength: matrix.rows), alignment: 16) { columns in
            cpu_reduce_columns(
                matrix.pointer(), sums.pointer, matrix.rows, matrix.columns, columns.lowerBound, columns.upperBound)
        }
    }

    func mean(of elements: Buffer<Float>, into result: Buffer<Float>) {
        checkMean(of: elements, into: result)
        result.pointer[0] = Float(cpu_reduce_sum(elements.pointer, elements.count) / Double(elements.count))
    }

    func gatherRows(of table: Matrix, at indices: Buffer<Int32>, into rows: Matrix) {
        checkGather(of: table, at: indices, into: rows)
        parallel(rows.rows, grain: grain(rowLength: rows.columns)) { range in
            cpu_rows_gather(
                table.pointer(), indices.pointer + range.lowerBound, rows.pointer(row: range.lowerBound),
                rows.stride, range.count, rows.columns)
        }
    }

    func scatterRows(_ rows: Matrix, by groups: IndexGroups, into table: Matrix) {
        checkScatter(rows, by: groups, into: table)
        // Frequent characters make the rows unequal work, so a thread takes every n-th of them.
        let stride = rows.elements.count >= 1 << 16 ? threadCount : 1
        parallel(stride, grain: 1) { shares in
            for share in shares {
                for v in Swift.stride(from: share, to: table.rows, by: stride) {
                    cpu_rows_scatter(
                        rows.pointer(), rows.stride, groups.starts.pointer, groups.positions.pointer, table.pointer(),
                        v, v + 1,
                        rows.columns)
                }
            }
        }
    }

    func gatherColumns(of table: Matrix, at indices: Buffer<Int32>, into rows: Matrix) {
        checkColumns(of: table, at: indices, as: rows)
        parallel(table.rows, grain: grain(rowLength: indices.count), alignment: 16) { range in
            cpu_rows_gather_columns(
                table.pointer(row: range.lowerBound), table.columns, indices.pointer, rows.pointer() + range.lowerBound,
                rows.columns, indices.count, range.count)
        }
    }

    func scatterColumns(_ rows: Matrix, at indices: Buffer<Int32>, into table: Matrix) {
        checkColumns(of: table, at: indices, as: rows)
        parallel(table.rows, grain: grain(rowLength: table.columns), alignment: 16) { range in
            cpu_rows_scatter_columns(
                rows.pointer() + range.lowerBound, rows.columns, indices.pointer, table.pointer(row: range.lowerBound),
                table.columns, indices.count, range.count)
        }
    }

    /// Rows of so many elements to a slice that waking a thread is worth it: some 10 µs of work.
    func grain(rowLength: Int) -> Int { max(1, (1 << 15) / max(1, rowLength)) }
}
