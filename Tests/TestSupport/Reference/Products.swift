import Glibc
import OpenCLCompute

/// The textbook's definitions in double precision, by plain loops, to which the devices' results are compared.
package enum Reference {}

extension Reference {
    /// a·b, a being `rows` × `inner` and b `inner` × `columns`.
    package static func product(_ a: [Double], _ b: [Double], rows: Int, inner: Int, columns: Int) -> [Double] {
        var c = [Double](repeating: 0, count: rows * columns)
        for i in 0..<rows {
            for j in 0..<columns {
                for k in 0..<inner { c[i * columns + j] += a[i * inner + k] * b[k * columns + j] }
            }
        }
        return c
    }

    /// `rows` × `columns`, drawn towards an orthogonal matrix by Newton–Schulz steps.
    package static func orthogonal(
        _ x: [Double], rows: Int, columns: Int, by polynomials: [OddPolynomial]
    ) -> [Double] {
        let norm = x.reduce(0) { $0 + $1 * $1 }.squareRoot() + 1e-7
        var x = x.map { $0 / norm }
        for (step, polynomial) in polynomials.enumerated() {
            if step == 0 {
                let gram = product(
                    x, transpose(x, rows: rows, columns: columns), rows: rows, inner: columns, columns: rows)
                let square = product(gram, gram, rows: rows, inner: rows, columns: rows)
                let bound = pow(square.reduce(0) { $0 + $1 * $1 }, 0.125)
                x = x.map { $0 / bound }
            }
            let transposed = transpose(x, rows: rows, columns: columns)
            let gram = product(x, transposed, rows: rows, inner: columns, columns: rows)
            let once = product(gram, x, rows: rows, inner: rows, columns: columns)
            let twice = product(gram, once, rows: rows, inner: rows, columns: columns)
            for index in x.indices {
                x[index] =
                    Double(polynomial.a) * x[index] + Double(polynomial.b) * once[index]
                    + Double(polynomial.c) * twice[index]
            }
        }
        return x
    }

    package static func transpose<Element>(_ a: [Element], rows: Int, columns: Int) -> [Element] {
        (0..<columns).flatMap { j in (0..<rows).map { i in a[i * columns + j] } }
    }

    /// The matrix with `bias` added to each row.
    package static func addBias(_ bias: [Double], to matrix: [Double]) -> [Double] {
        matrix.enumerated().map { $1 + bias[$0 % bias.count] }
    }

    package static func columnSums(_ matrix: [Double], columns: Int) -> [Double] {
        var sums = [Double](repeating: 0, count: columns)
        for (index, value) in matrix.enumerated() { sums[index % columns] += value }
        return sums
    }

    package static func gather<Element>(_ table: [Element], at indices: [Int32], columns: Int) -> [Element] {
        indices.flatMap { table[Int($0) * columns..<(Int($0) + 1) * columns] }
    }

    /// The table to whose row `indices[i]` the row i of `rows` is added.
    package static func scatter(_ rows: [Double], at indices: [Int32], into count: Int, columns: Int) -> [Double] {
        var table = [Double](repeating: 0, count: count * columns)
        for (i, index) in indices.enumerated() {
            for j in 0..<columns { table[Int(index) * columns + j] += rows[i * columns + j] }
        }
        return table
    }

    package static func sumOfSquares(_ x: [Double]) -> Double {
        x.reduce(0) { $0 + $1 * $1 }
    }
}
