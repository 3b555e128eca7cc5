import CPUKernels

/// The right factor of products, in panels of 16 columns: in floats or, rounded, in 8 bits.
///
/// Unchecked because of the pointers, into memory that the operation at hand keeps alive.
enum PackedPanels: @unchecked Sendable {
    case floats(UnsafePointer<Float>)
    case quantized(UnsafePointer<Int32>)

    /// Those of a matrix, if it has any.
    init?(of matrix: Matrix) {
        if let panels = matrix.quantizedPanels {
            self = .quantized(panels.pointer)
        } else if let panels = matrix.panels {
            self = .floats(panels.pointer)
        } else {
            return nil
        }
    }

    /// The panels from a column on, a multiple of 16; of a matrix of so many rows.
    func from(column: Int, depth: Int) -> PackedPanels {
        switch self {
        case .floats(let start): .floats(start + column * depth)
        case .quantized(let start): .quantized(start + cpu_quantized_count(depth, column))
        }
    }

    /// c (rows × columns) = a (rows × depth) times the first of the panels, or += when `adding`.
    func multiply(
        _ a: UnsafePointer<Float>, _ aStride: Int, into c: UnsafeMutablePointer<Float>, _ cStride: Int, rows: Int,
        columns: Int, depth: Int, adding: Bool
    ) {
        switch self {
        case .floats(let panels): cpu_product_packed(a, aStride, panels, c, cStride, rows, columns, depth, adding)
        case .quantized(let panels): cpu_product_quantized(a, aStride, panels, c, cStride, rows, columns, depth, adding)
        }
    }

    /// The same of a single row, on all threads: there is no other row for another one, so it takes other columns, as soon as
    /// reading their weights is some 5 to 10 µs of work.
    func multiplyRow(
        _ a: UnsafePointer<Float>, into c: UnsafeMutablePointer<Float>, columns: Int, depth: Int, adding: Bool,
        on backend: CPUBackend
    ) {
        nonisolated(unsafe) let (a, c) = (a, c)
        let weights =
            switch self {
            case .floats: 1 << 17
            case .quantized: 1 << 18
            }
        backend.parallel(columns, grain: weights / depth, alignment: Int(cpu_panel_width)) { part in
            from(column: part.lowerBound, depth: depth).multiply(
                a, depth, into: c + part.lowerBound, columns, rows: 1, columns: part.count, depth: depth, adding: adding
            )
        }
    }
}
