/// Runs every operation of the contract on a device and compares the results with the CPU's.
public enum DeviceCheck {
    /// One operation's verdict.
    public struct Result: Sendable {
        /// The operation's name.
        public let operation: String
        /// The worst error relative to the largest value, or what went wrong.
        public let outcome: Swift.Result<Double, Fault>
    }

    /// Why an operation failed the check.
    public struct Fault: Error, CustomStringConvertible, Sendable {
        /// What was found and what was expected, or the error.
        public let description: String
    }

    /// Rounding differs between devices in the last bits; sums of a hundred terms and the functions of the gates
    /// stay well within this, and anything wrong is far outside.
    static let tolerance = 1e-4

    /// A line for each operation; when the device cannot be started, the only one says why.
    public static func run(on device: Device) -> [Result] {
        do {
            let reference = try Device.cpu.backend()
            let backend = try device.backend()
            let results = operations.map { operation in
                Result(operation: operation.name, outcome: compare(operation, backend, reference))
            }
            return try results + (device.tuning.map { try checkChoices($0, backend, reference) } ?? [])
        } catch {
            return [Result(operation: "start", outcome: .failure(Fault(description: "\(error)")))]
        }
    }

    /// What a tuning may choose on a GPU. CLBlast takes either of two kernels for a product by its size; here each has to
    /// compute all of them. And recurrent layers are computed in one launch.
    private static func checkChoices(
        _ tuning: GPUTuning, _ backend: any Backend, _ reference: any Backend
    ) throws -> [Result] {
        let parameters = try tuning.current()
        defer { try? tuning.apply(parameters) }
        func results(_ operations: [Operation], _ choice: String, _ changes: GPUTuning.Parameters) throws -> [Result] {
            try tuning.apply(changes)
            return operations.map { operation in
                Result(operation: "\(operation.name), \(choice)", outcome: compare(operation, backend, reference))
            }
        }
        var found = try results(products, "untiled", GPUTuning.untiled)
        if tuning.fitsTiled(parameters) { found += try results(products, "tiled", GPUTuning.tiled) }
        for cell in RecurrentCell.allCases {
            found += try results([recurrentLayer(cell)], "in one launch", GPUTuning.fused(cell, upTo: .max))
        }
        return found
    }

    private static func compare(
        _ operation: Operation, _ backend: any Backend, _ reference: any Backend
    ) -> Swift.Result<Double, Fault> {
        do {
            let found = try operation.run(Bench(backend))
            let expected = try operation.run(Bench(reference))
            let scale = expected.reduce(Float(1e-30)) { max($0, $1.magnitude) }
            var worst = 0.0
            for (index, (value, truth)) in zip(found, expected).enumerated() {
                let error = Double((value - truth).magnitude / scale)
                guard error <= tolerance else {  // so that NaN fails
                    return .failure(Fault(description: "element \(index) is \(value), expected \(truth)"))
                }
                worst = max(worst, error)
            }
            return .success(worst)
        } catch { return .failure(Fault(description: "\(error)")) }
    }

    struct Operation: Sendable {
        let name: String
        let run: @Sendable (Bench) throws -> [Float]
    }

    /// Makes operands on a backend, the same numbers for every backend.
    final class Bench {
        let backend: any Backend
        private var state: UInt32 = 1

        init(_ backend: any Backend) { self.backend = backend }

        /// Numbers between −1 and 1.
        func numbers(_ count: Int) throws -> Buffer<Float> {
            let values = (0..<count).map { _ -> Float in
                state = state &* 1_664_525 &+ 1_013_904_223
                return Float(Int32(bitPattern: state)) * 0x1p-31
            }
            return try buffer(values)
        }

        func buffer<Element>(_ values: [Element]) throws -> Buffer<Element> {
            let buffer = try backend.makeBuffer(of: Element.self, count: values.count)
            try backend.write(values, to: buffer)
            return buffer
        }

        func matrix(_ rows: Int, _ columns: Int) throws -> Matrix {
            Matrix(try numbers(rows * columns), rows: rows, columns: columns)
        }
    }
}
