/// A matrix whose rows may lie apart: what a product reads and writes.
struct OpenCLMatrix {
    /// From the first element on, at least to the last.
    let elements: Buffer<Float>
    let rows: Int
    let columns: Int
    /// The distance between the stored rows.
    let stride: Int
    let isTransposed: Bool

    init(_ matrix: Matrix) {
        elements = matrix.elements
        rows = matrix.rows
        columns = matrix.columns
        stride = matrix.storedColumns
        isTransposed = matrix.isTransposed
    }

    private init(_ elements: Buffer<Float>, rows: Int, columns: Int, stride: Int) {
        self.elements = elements
        self.rows = rows
        self.columns = columns
        self.stride = stride
        isTransposed = false
    }

    /// Some of the columns of a matrix.
    init(_ matrix: Matrix, columns: Range<Int>) {
        precondition(
            !matrix.isTransposed && columns.lowerBound >= 0 && columns.upperBound <= matrix.columns,
            "columns \(columns) of a matrix of \(matrix.shape)")
        let elements = matrix.elements
        self.init(
            elements[min(columns.lowerBound, elements.count)..<elements.count], rows: matrix.rows,
            columns: columns.count, stride: matrix.columns)
    }

    var transposed: OpenCLMatrix {
        OpenCLMatrix(self, isTransposed: !isTransposed)
    }

    private init(_ other: OpenCLMatrix, isTransposed: Bool) {
        elements = other.elements
        rows = other.columns
        columns = other.rows
        stride = other.stride
        self.isTransposed = isTransposed
    }

    /// The elements of a row, which lie side by side.
    func row(_ i: Int) -> Buffer<Float> {
        precondition(!isTransposed, "a row of a transposed matrix is not contiguous")
        return elements[i * stride..<i * stride + columns]
    }

    var byteCount: Int { rows * columns * 4 }

    var shape: String { "\(rows)×\(columns)" }
}
