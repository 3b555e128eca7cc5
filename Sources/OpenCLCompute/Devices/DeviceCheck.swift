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
        /// What the device has thrown; nil where it computed, and wrongly.
        public let error: (any Error)?

        fileprivate init(_ error: any Error) {
            description = "\(error)"
            self.error = error
        }

        fileprivate init(_ difference: String) {
            description = difference
            error = nil
        }
    }

    /// Rounding differs between devices in the last bits; sums of a hundred terms and the functions of the gates
    /// stay well within this, and anything wrong is far outside.
    static let tolerance = 1e-4

    /// A line for each operation; when the device cannot be started, or its compiler builds nothing, the only one says
    /// why.
    ///
    /// - Parameters:
    ///   - device: that is checked.
    ///   - progress: called before each operation, with its name and how many of how many are done.
    public static func run(
        on device: Device, progress: (_ operation: String, _ done: Int, _ count: Int) -> Void = { _, _, _ in }
    ) -> [Result] {
        do {
            let reference = try Device.cpu.backend()
            let backend = try device.backend()
            var done = 0
            func check(_ operation: Operation) -> Result {
                // A device may have more to choose from, and more to be checked.
                progress(operation.name, done, max(operations.count, done + 1))
                done += 1
                return Result(operation: operation.name, outcome: compare(operation, backend, reference))
            }
            var results: [Result] = []
            for operation in operations {
                let result = check(operation)
                // All others would fail with the same words.
                if case .failure(let fault) = result.outcome, (fault.error as? DeviceError)?.rulesOutDevice == true {
                    return [Result(operation: "compile", outcome: result.outcome)]
                }
                results.append(result)
            }
            return try results + device.driver.checkChoices(check)
        } catch {
            return [Result(operation: "start", outcome: .failure(Fault(error)))]
        }
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
                    return .failure(Fault("element \(index) is \(value), expected \(truth)"))
                }
                worst = max(worst, error)
            }
            return .success(worst)
        } catch { return .failure(Fault(error)) }
    }

    /// Something to compute on any backend.
    package struct Operation: Sendable {
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
