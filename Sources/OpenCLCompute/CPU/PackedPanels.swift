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

    /// How many multiply-adds of a single row take as long as one in floats, all weights being read from afar.
    var speed: Int {
        switch self {
        case .floats: 1
        case .quantized: 4
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
}
