import CPUKernels
import TestSupport
import Testing

/// The products with weights, at the edges of its tiles, panels, slices and blocks.
@Suite("The products of CPUKernels")
struct ProductKernelTests {
    struct Shape: CustomTestStringConvertible {
        let rows, columns, inner: Int
        /// How far the rows of the left factor are apart.
        let stride: Int
        var testDescription: String { "\(rows)×\(inner) (rows \(stride) apart) · \(inner)×\(columns)" }
    }

    /// Tiles have up to 6 or 14 rows, panels 16 columns. Blocks have 96 rows and 512 of k over panels, 192 and 256 over a
    /// matrix, of which 64 columns are copied at a time. A left factor is copied for more than 256 columns, or where its
    /// rows are a multiple of 1024 apart.
    static let shapes =
        (1...30).map { Shape(rows: $0, columns: 35, inner: 9, stride: 11) }
        + [1, 63, 64, 65, 127, 145].map { Shape(rows: 1, columns: $0, inner: 9, stride: 9) }
        + [1, 15, 16, 17, 32, 33].map { Shape(rows: 25, columns: $0, inner: 9, stride: 9) }
        + [63, 64, 65, 80, 145, 255, 256, 257, 273].map { Shape(rows: 29, columns: $0, inner: 9, stride: 9) }
        + [1, 15, 16, 17, 255, 256, 257, 511, 512, 513, 1025].map {
            Shape(rows: 15, columns: 17, inner: $0, stride: 1025)
        }
        + [95, 96, 97, 191, 192, 193, 200].map { Shape(rows: $0, columns: 259, inner: 9, stride: 9) }
        + [9, 600].map { Shape(rows: 97, columns: 19, inner: $0, stride: 1024) }

    @Test("They agree with the reference and to the bit with one another, and write no other column", arguments: shapes)
    func product(shape: Shape) {
        let (rows, columns, inner, stride) = (shape.rows, shape.columns, shape.inner, shape.stride)
        var numbers = Numbers()
        let a = numbers.floats(rows * stride)
        let b = numbers.floats(inner * columns)
        let dense = (0..<rows).flatMap { a[$0 * stride..<$0 * stride + inner] }
        let expected = Reference.product(
            dense.asDoubles, b.asDoubles, rows: rows, inner: inner, columns: columns)
        let sizes = Reference.product(
            dense.asDoubles.magnitudes, b.asDoubles.magnitudes, rows: rows, inner: inner, columns: columns)
        let transposed = Reference.transpose(b, rows: inner, columns: columns)
        var packed = unset(cpu_packed_count(inner, columns))
        cpu_pack(b, columns, inner, columns, &packed)
        var packedTranspose = unset(packed.count)
        cpu_pack_transposed(transposed, inner, inner, columns, &packedTranspose)
        expectSame(packedTranspose, packed, "packed transpose")

        // Of its rows the first `inner` are read.
        let aTransposed = Reference.transpose(a, rows: rows, columns: stride)

        // Two columns to the right of c are not its own.
        let width = columns + 2
        for adding in [false, true] {
            let start: Float = adding ? 0.5 : .nan
            let before = (0..<rows * width).map { $0 % width < columns ? start : 7 }
            var (fromPacked, fromPlain, fromTransposed) = (before, before, before)
            cpu_product_packed(a, stride, packed, &fromPacked, width, rows, columns, inner, adding)
            cpu_product(a, stride, b, columns, &fromPlain, width, rows, columns, inner, adding)
            cpu_product_transposed(aTransposed, rows, b, columns, &fromTransposed, width, rows, columns, inner, adding)
            expectSame(fromPacked, fromPlain, "packed and plain")
            expectSame(fromTransposed, fromPlain, "transposed and plain")
            let results = [(fromPacked, "packed"), (fromPlain, "plain"), (fromTransposed, "transposed")]
            for (result, what) in results {
                let own = (0..<rows).flatMap { result[$0 * width..<$0 * width + columns] }
                let others = (0..<rows).flatMap { result[$0 * width + columns..<($0 + 1) * width] }
                expectClose(
                    own, adding ? expected.map { $0 + 0.5 } : expected,
                    within: sizes.map { Double(inner + 1) * unitRoundoff * ($0 + 0.5) }, what)
                expectSame(others, [Float](repeating: 7, count: 2 * rows), "the columns beside it, \(what)")
            }
        }
    }
}
