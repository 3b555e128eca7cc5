/// A matrix of floats in a device's memory, row after row without gaps.
public struct Matrix: Sendable {
    /// The elements: entry (i, j) of the stored matrix is `elements[i * storedColumns + j]`.
    public let elements: Buffer<Float>
    package let storedRows: Int
    package let storedColumns: Int
    /// Whether the matrix is read as the transpose of what is stored.
    package let isTransposed: Bool

    public var rows: Int { isTransposed ? storedColumns : storedRows }
    public var columns: Int { isTransposed ? storedRows : storedColumns }

    /// A `rows` × `columns` matrix over `elements`, which must hold exactly that many.
    public init(_ elements: Buffer<Float>, rows: Int, columns: Int) {
        precondition(
            elements.count == rows * columns, "\(rows)×\(columns) matrix over \(elements.count) elements")
        self.init(elements: elements, storedRows: rows, storedColumns: columns, isTransposed: false)
    }

    private init(elements: Buffer<Float>, storedRows: Int, storedColumns: Int, isTransposed: Bool) {
        self.elements = elements
        self.storedRows = storedRows
        self.storedColumns = storedColumns
        self.isTransposed = isTransposed
    }

    /// The transpose, a view of the same memory. Only products accept it.
    public var transposed: Matrix {
        Matrix(
            elements: elements, storedRows: storedRows, storedColumns: storedColumns, isTransposed: !isTransposed)
    }

    /// Some of the rows, in the same memory.
    public func rows(_ range: Range<Int>) -> Matrix {
        precondition(!isTransposed, "rows of a transposed matrix are not contiguous")
        let slice = elements[range.lowerBound * columns..<range.upperBound * columns]
        return Matrix(slice, rows: range.count, columns: columns)
    }

    /// "rows×columns", for messages.
    package var shape: String { "\(rows)×\(columns)" }
}
