import CPUKernels
import Glibc
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

    /// Panels have 16 columns; tiles have up to 6 rows and a panel, with AVX-512 12 rows and two panels. Blocks have 96 rows
    /// and 512 of k (768 with AVX-512) over panels, 192 rows (288) and 256 of k over a matrix, of which 64 columns (256, or 512
    /// where the second-level cache has two megabytes) are copied at a time. A left factor is copied for more than 128 columns,
    /// and where its rows are a multiple of 1024 apart. With AVX-512 only there; and for more than 256 columns, with which a
    /// block has all rows, if it is transposed, a tile of it at a time.
    static let shapes =
        (1...30).map { Shape(rows: $0, columns: 35, inner: 9, stride: 11) }
        + [1, 63, 64, 65, 127, 145].map { Shape(rows: 1, columns: $0, inner: 9, stride: 9) }
        + [1, 15, 16, 17, 32, 33].map { Shape(rows: 25, columns: $0, inner: 9, stride: 9) }
        + [63, 64, 65, 80, 127, 128, 129, 145].map { Shape(rows: 29, columns: $0, inner: 9, stride: 9) }
        + [1, 15, 16, 17, 255, 256, 257, 511, 512, 513, 767, 768, 769, 1025].map {
            Shape(rows: 15, columns: 17, inner: $0, stride: 1025)
        }
        + [95, 96, 97, 191, 192, 193, 287, 288, 289].map { Shape(rows: $0, columns: 131, inner: 9, stride: 9) }
        + [1024, 1025, 1056].map { Shape(rows: 29, columns: $0, inner: 9, stride: 9) }
        + [9, 600].map { Shape(rows: 97, columns: 19, inner: $0, stride: 1024) }
        + [12, 24, 25].flatMap { rows in
            [255, 256, 257, 272, 288, 529].map { Shape(rows: rows, columns: $0, inner: 9, stride: 1024) }
        }
        + [256, 257, 513, 1025].map { Shape(rows: 400, columns: $0, inner: 513, stride: 1024) }

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
    @Test("Of a right factor whose rows are as far apart as a panel's nothing behind its last column is read")
    func narrowRightFactor() {
        let (rows, inner, stride) = (25, 9, Int(cpu_panel_width))
        var numbers = Numbers()
        let a = numbers.floats(rows * inner)
        let aTransposed = Reference.transpose(a, rows: rows, columns: inner)
        for columns in 1...stride {
            let b = numbers.floats(inner * columns)
            var (expected, plain) = (unset(rows * columns), unset(rows * columns))
            cpu_product(a, inner, b, columns, &expected, columns, rows, columns, inner, false)
            var transposed = plain
            atTheEndOfMemory(count: (inner - 1) * stride + columns) { end in
                for row in 0..<inner {
                    for column in 0..<columns { end[row * stride + column] = b[row * columns + column] }
                }
                cpu_product(a, inner, end, stride, &plain, columns, rows, columns, inner, false)
                cpu_product_transposed(
                    aTransposed, rows, end, stride, &transposed, columns, rows, columns, inner, false)
            }
            expectSame(plain, expected, "plain, \(columns) columns")
            expectSame(transposed, expected, "transposed, \(columns) columns")
        }
    }

    @Test("A product without rows writes nothing", arguments: [1, 16, 257, 1024])
    func noRows(columns: Int) {
        let b = [Float](repeating: 1, count: 9 * columns)
        var packed = unset(cpu_packed_count(9, columns))
        cpu_pack(b, columns, 9, columns, &packed)
        var c: [Float] = [7]
        cpu_product([1], 9, b, columns, &c, columns, 0, columns, 9, false)
        cpu_product_transposed([1], 9, b, columns, &c, columns, 0, columns, 9, false)
        cpu_product_packed([1], 9, packed, &c, columns, 0, columns, 9, false)
        cpu_product_packed_transposed([1], 9, packed, &c, columns, 0, columns, 9)
        #expect(c == [7])
    }

    /// Calls `body` with zeros behind which lies a page that nobody may read.
    private func atTheEndOfMemory(count: Int, _ body: (UnsafeMutablePointer<Float>) -> Void) {
        let page = Int(getpagesize())
        let size = (count * MemoryLayout<Float>.stride + page - 1) / page * page
        guard let room = mmap(nil, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            room != MAP_FAILED
        else { fatalError("no \(size + page) bytes of memory (errno \(errno))") }
        defer { munmap(room, size + page) }
        precondition(mprotect(room + size, page, PROT_NONE) == 0, "a page cannot be protected (errno \(errno))")
        body((room + size).assumingMemoryBound(to: Float.self) - count)
    }
}
