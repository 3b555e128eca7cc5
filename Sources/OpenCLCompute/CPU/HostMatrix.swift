/// A ``Matrix`` where it lies in the host's memory: what threads multiply, without a reference to count for each.
struct HostMatrix: @unchecked Sendable {
    // Unchecked because of the pointer, into memory that the operation at hand keeps alive.
    /// The first stored element.
    private let start: UnsafePointer<Float>
    let rows: Int
    let columns: Int
    /// The distance between stored rows.
    let stride: Int
    /// Whether it is read as the transpose of what is stored.
    let isTransposed: Bool

    init(_ start: UnsafePointer<Float>, rows: Int, columns: Int, stride: Int, isTransposed: Bool = false) {
        self.start = start
        self.rows = rows
        self.columns = columns
        self.stride = stride
        self.isTransposed = isTransposed
    }

    init(_ matrix: Matrix) {
        self.init(
            matrix.pointer(), rows: matrix.rows, columns: matrix.columns, stride: matrix.stride,
            isTransposed: matrix.isTransposed)
    }

    var transposed: HostMatrix {
        HostMatrix(start, rows: columns, columns: rows, stride: stride, isTransposed: !isTransposed)
    }

    func rows(_ range: Range<Int>) -> HostMatrix {
        HostMatrix(
            pointer(row: range.lowerBound), rows: range.count, columns: columns, stride: stride,
            isTransposed: isTransposed)
    }

    func columns(_ range: Range<Int>) -> HostMatrix {
        HostMatrix(
            pointer(column: range.lowerBound), rows: rows, columns: range.count, stride: stride,
            isTransposed: isTransposed)
    }

    func pointer(row: Int) -> UnsafePointer<Float> { start + row * (isTransposed ? 1 : stride) }
    func pointer(column: Int) -> UnsafePointer<Float> { start + column * (isTransposed ? stride : 1) }
}
