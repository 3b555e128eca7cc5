import CCLBlast
import COpenCL
import Glibc

/// Parameters of CLBlast's GEMM, where we know better ones than its own.
///
/// CLBlast 1.5.3 was tuned for graphics cards. On processors its values reach a tenth of what is possible: without
/// vectors where the compiler makes none, with copies to local memory that a processor does not have, and with a kernel
/// for small matrices that is slower still. An override holds for a device and the whole process.
struct CLBlastSettings {
    /// The side of a cube up to which products go to the "direct" kernel, and not to `Xgemm`.
    private let directLimit: Int
    private let xgemm: [String: Int]

    /// Measured with shapes from 50×512×128 to 2500×2048×512: 4 to 14 times CLBlast's own speed on PoCL 3.1, 2.5 to 14
    /// times on Intel's runtime 2026. Each is bad on the other platform.
    private static let measured = [
        "Portable Computing Language": CLBlastSettings(
            directLimit: 1,
            xgemm: [
                "GEMMK": 0, "KREG": 1, "KWG": 32, "KWI": 2, "MWG": 32, "NWG": 5, "VWM": 8, "VWN": 1,
                "MDIMC": 1, "NDIMC": 1, "MDIMA": 1, "NDIMB": 1, "SA": 0, "SB": 0, "STRM": 0, "STRN": 0,
            ]),
        "Intel(R) OpenCL": CLBlastSettings(
            directLimit: 1,
            xgemm: [
                "GEMMK": 0, "KREG": 1, "KWG": 16, "KWI": 2, "MWG": 32, "NWG": 10, "VWM": 1, "VWN": 2,
                "MDIMC": 16, "NDIMC": 1, "MDIMA": 16, "NDIMB": 1, "SA": 0, "SB": 0, "STRM": 1, "STRN": 0,
            ]),
    ]

    /// What makes products right again when an override does not. Its values cannot be read back, so the kernel that
    /// they spoilt cannot be restored; but the direct kernel, whose parameters we never touch, can take all products.
    /// Both are built together, hence parameters that build anywhere: CLBlast's own for devices that it does not know.
    private static let direct = CLBlastSettings(
        directLimit: 1 << 20,
        xgemm: [
            "GEMMK": 0, "KREG": 1, "KWG": 32, "KWI": 2, "MWG": 32, "NWG": 32, "VWM": 4, "VWN": 2,
            "MDIMC": 8, "NDIMC": 16, "MDIMA": 8, "NDIMB": 16, "SA": 1, "SB": 1, "STRM": 0, "STRN": 0,
        ])

    /// Applies the settings for the stream's device, if there are any, and proves them by products.
    ///
    /// - Throws: ``DeviceError`` when products are wrong with them and without.
    static func apply(to stream: inout OpenCLStream) throws {
        let context = stream.context
        guard context.info.kind == .openCLProcessor, let settings = measured[context.info.platform] else { return }
        if (try? settings.override(context)) != nil, (try? productsAreRight(&stream)) == true { return }
        try direct.override(context)
        guard try productsAreRight(&stream) else {
            throw DeviceError.callFailed(call: "CLBlastSgemm", status: "a wrong product", device: context.name)
        }
    }

    private func override(_ context: OpenCLContext) throws {
        try Self.override("GemmRoutine", ["XGEMM_MIN_INDIRECT_SIZE": directLimit], context)
        try Self.override("Xgemm", xgemm, context)
    }

    private static func override(_ kernel: String, _ values: [String: Int], _ context: OpenCLContext) throws {
        let names = values.keys.map { strdup($0) }
        defer { for name in names { free(name) } }
        var pointers = names.map { UnsafePointer($0) }
        let status = CLBlastOverrideParameters(
            context.device, kernel, CLBlastPrecisionSingle, values.count, &pointers, Array(values.values))
        try check(status, "CLBlastOverrideParameters(\(kernel))", on: context.name)
    }

    /// Multiplies a few shapes, odd ones and multiples of every tile, in every orientation.
    ///
    /// Some parameters give wrong numbers and report success, hence this. The elements are small integers, whose sums
    /// of products are exact in floats: whatever the order of a sum, a right result is the same to the bit.
    private static func productsAreRight(_ stream: inout OpenCLStream) throws -> Bool {
        for (m, n, k) in [(2, 1, 1), (7, 65, 33), (50, 160, 64), (64, 129, 7)] {
            let a = (0..<m * k).map { Float($0 * 7 % 11 - 5) }
            let b = (0..<k * n).map { Float($0 * 5 % 13 - 6) }
            let left = try matrix(a, m, k, stream)
            let right = try matrix(b, k, n, stream)
            let leftTurned = try matrix(transpose(a, m, k), k, m, stream).transposed
            let rightTurned = try matrix(transpose(b, k, n), n, k, stream).transposed
            // Twice the product: it is written, then added.
            var expected = [Float](repeating: 0, count: m * n)
            for i in 0..<m {
                for j in 0..<n {
                    for l in 0..<k { expected[i * n + j] += 2 * a[i * k + l] * b[l * n + j] }
                }
            }
            for (left, right) in [(left, right), (leftTurned, right), (left, rightTurned)] {
                let product = try matrix([Float](repeating: .nan, count: m * n), m, n, stream)
                try stream.multiply(left, right, into: product, adding: false)
                try stream.multiply(left, right, into: product, adding: true)
                if try stream.context.read(product.elements) != expected { return false }
            }
        }
        return true
    }

    /// A matrix on the device, in the midst of its memory.
    private static func matrix(
        _ values: [Float], _ rows: Int, _ columns: Int, _ stream: OpenCLStream
    ) throws -> OpenCLMatrix {
        let margin = 3
        let storage = try OpenCLStorage(count: values.count + 2 * margin, in: stream.context)
        let elements = Buffer<Float>(storage: storage, offset: margin, count: values.count)
        try stream.context.write(values, to: elements)
        return OpenCLMatrix(Matrix(elements, rows: rows, columns: columns))
    }

    private static func transpose(_ values: [Float], _ rows: Int, _ columns: Int) -> [Float] {
        (0..<values.count).map { values[$0 % rows * columns + $0 / rows] }
    }
}
