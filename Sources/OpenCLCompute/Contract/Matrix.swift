/// A matrix of floats in a device's memory, row after row: a whole one, or some rows or columns of it.
public struct Matrix: Sendable {
    /// From the first element to the last: entry (i, j) of the stored matrix is `elements[i * stride + j]`.
    public let elements: Buffer<Float>
    package let storedRows: Int
    package let storedColumns: Int
    /// The distance from one stored row to the next, at least as large as a row.
    package let stride: Int
    /// Whether the matrix is read as the transpose of what is stored.
    package let isTransposed: Bool
    /// A copy of the elements in another order, if ``Backend/arranged(_:)`` has made one. Parts of the matrix have none.
    package private(set) var panels: Buffer<Float>?
    /// A copy of the elements rounded to 8 bits, if ``Backend/quantized(_:)`` has made one. Parts of the matrix have none.
    package private(set) var quantizedPanels: Buffer<Int32>?

    /// As it is read.
    public var rows: Int { isTransposed ? storedColumns : storedRows }
    /// As it is read.
    public var columns: Int { isTransposed ? storedRows : storedColumns }

    /// A `rows` × `columns` matrix over `elements`, which must hold exactly that many.
    public init(_ elements: Buffer<Float>, rows: Int, columns: Int) {
        precondition(
            elements.count == rows * columns, "\(rows)×\(columns) matrix over \(elements.count) elements")
        self.init(elements, storedRows: rows, storedColumns: columns, stride: columns, isTransposed: false)
    }

    private init(
        _ elements: Buffer<Float>, storedRows: Int, storedColumns: Int, stride: Int, isTransposed: Bool
    ) {
        self.elements = elements
        self.storedRows = storedRows
        self.storedColumns = storedColumns
        self.stride = stride
        self.isTransposed = isTransposed
    }

    /// Whether the rows follow one another without gaps, as all operations but products want them.
    package var isContiguous: Bool { !isTransposed && (stride == storedColumns || storedRows <= 1) }

    /// The transpose, a view of the same memory. Only products accept it.
    public var transposed: Matrix {
        Matrix(
            elements, storedRows: storedRows, storedColumns: storedColumns, stride: stride,
            isTransposed: !isTransposed)
    }

    /// The same matrix with a copy of its elements in another order.
    package func with(_ panels: Buffer<Float>) -> Matrix {
        var matrix = self
        matrix.panels = panels
        return matrix
    }

    /// The same matrix with a copy of its elements rounded to 8 bits.
    package func with(quantizedPanels: Buffer<Int32>) -> Matrix {
        var matrix = self
        matrix.quantizedPanels = quantizedPanels
        return matrix
    }

    /// Some of the rows, in the same memory.
    public func rows(_ range: Range<Int>) -> Matrix {
        precondition(
            !isTransposed && range.lowerBound >= 0 && range.upperBound <= rows,
            "rows \(range) of a \(isTransposed ? "transposed " : "")matrix of \(shape)")
        return part(from: range.lowerBound * stride, rows: range.count, columns: columns)
    }

    /// Some of the columns, in the same memory. Only products accept it.
    public func columns(_ range: Range<Int>) -> Matrix {
        precondition(
            !isTransposed && range.lowerBound >= 0 && range.upperBound <= columns,
            "columns \(range) of a \(isTransposed ? "transposed " : "")matrix of \(shape)")
        return part(from: range.lowerBound, rows: rows, columns: range.count)
    }

    private func part(from start: Int, rows: Int, columns: Int) -> Matrix {
        let start = min(start, elements.count)
        let count = rows == 0 || columns == 0 ? 0 : (rows - 1) * stride + columns
        return Matrix(
            elements[start..<start + count], storedRows: rows, storedColumns: columns, stride: stride,
            isTransposed: false)
    }

    /// "rows×columns", for messages.
    package var shape: String { "\(rows)×\(columns)" }
}

extension Backend {
    /// Allocates a matrix of zeros.
    ///
    /// - Throws: ``DeviceError`` when the device has not enough memory.
    public func makeMatrix(rows: Int, columns: Int) throws -> Matrix {
        Matrix(try makeBuffer(of: Float.self, count: rows * columns), rows: rows, columns: columns)
    }
}
