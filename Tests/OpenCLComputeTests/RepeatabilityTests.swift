import OpenCLCompute
import TestSupport
import Testing

/// Runs must be resumed and compared to the bit, so no sum may depend on the timing of threads.
@Suite("The same call on the same device gives the same bits")
struct RepeatabilityTests {
    @Test("Products", arguments: Device.underTest)
    func product(device: Device) throws {
        try expectSameBits(on: device) { bench, numbers in
            let c = try bench.matrix(unset(65 * 257), rows: 65, columns: 257)
            try bench.backend.multiply(
                try bench.matrix(numbers.floats(65 * 129), rows: 65, columns: 129),
                try bench.matrix(numbers.floats(129 * 257), rows: 129, columns: 257), into: c)
            return c.elements
        }
    }

    @Test("Column sums", arguments: Device.underTest)
    func columnSums(device: Device) throws {
        try expectSameBits(on: device) { bench, numbers in
            let sums = try bench.buffer(unset(65))
            let matrix = try bench.matrix(numbers.floats(2500 * 65), rows: 2500, columns: 65)
            try bench.backend.columnSums(of: matrix, into: sums)
            return sums
        }
    }

    @Test("Means", arguments: Device.underTest)
    func mean(device: Device) throws {
        try expectSameBits(on: device) { bench, numbers in
            let result = try bench.buffer(unset(1))
            try bench.backend.mean(of: try bench.buffer(numbers.floats(100_003)), into: result)
            return result
        }
    }

    @Test("Scattered rows", arguments: Device.underTest)
    func scatter(device: Device) throws {
        try expectSameBits(on: device) { bench, numbers in
            let table = try bench.matrix(unset(5 * 129), rows: 5, columns: 129)
            try bench.backend.scatterRows(
                try bench.matrix(numbers.floats(1000 * 129), rows: 1000, columns: 129),
                by: try bench.groups(of: numbers.indices(1000, below: 5), count: 5), into: table)
            return table.elements
        }
    }

    @Test("Cross-entropy", arguments: Device.underTest)
    func crossEntropy(device: Device) throws {
        try expectSameBits(on: device) { bench, numbers in
            let logits = try bench.matrix(numbers.floats(300 * 1031), rows: 300, columns: 1031)
            try bench.backend.softmaxCrossEntropy(
                logits, bias: try bench.buffer(numbers.floats(1031)),
                targets: try bench.indices(numbers.indices(300, below: 1031)), gradientScale: 1,
                losses: try bench.buffer(unset(300)))
            return logits.elements
        }
    }

    @Test("The norms of an optimizer's step, and a step clipped by norm", arguments: Device.underTest)
    func optimizer(device: Device) throws {
        let count = 100_003
        try expectSameBits(on: device) { bench, numbers in
            // Parameters and norms side by side, so that both are compared.
            let both = try bench.buffer(numbers.floats(count) + unset(2))
            try bench.backend.rmsProp(
                both[0..<count], gradient: try bench.buffer(numbers.floats(count)),
                meanSquare: try bench.buffer(numbers.floats(count, in: 0...1)), clipping: .norm(5),
                learningRate: 0.1, decay: 0.95, epsilon: 1e-8, norms: both[count..<count + 2])
            return both
        }
    }

    private func expectSameBits(
        on device: Device, _ call: (Workbench, inout Numbers) throws -> Buffer<Float>
    ) throws {
        func result() throws -> [Float] {
            var numbers = Numbers()
            let bench = try Workbench(device)
            return try bench.read(try call(bench, &numbers))
        }
        let first = try result()
        for _ in 0..<3 { expectSame(try result(), first) }
    }
}
