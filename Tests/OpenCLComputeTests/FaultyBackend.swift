import OpenCLCompute
import TestSupport

/// The CPU's backend with one thing wrong: column sums come out as `columnSum`, and products throw `productError`.
final class FaultyBackend: PassingBackend, @unchecked Sendable {
    private let columnSum: Float?
    private let productError: DeviceError?

    init(columnSum: Float? = nil, productError: DeviceError? = nil) throws {
        self.columnSum = columnSum
        self.productError = productError
        try super.init()
    }

    override func columnSums(of matrix: Matrix, into sums: Buffer<Float>) throws {
        try super.columnSums(of: matrix, into: sums)
        if let columnSum { try fill(sums, with: columnSum) }
    }

    override func multiply(_ a: Matrix, _ b: Matrix, into c: Matrix, adding: Bool) throws {
        if let productError { throw productError }
        try super.multiply(a, b, into: c, adding: adding)
    }
}
