import OpenCLCompute

/// Passes of streams that come and go between two steps.
extension UnrolledNetwork {
    /// As ``advance(_:)``, but stream b goes on from row `rows[b]` of the states that were kept, whose matrices are in the order
    /// of ``stateBuffers``.
    func advance(_ characters: [Int32], from states: [Matrix], at rows: Buffer<Int32>) throws -> Matrix {
        for (carried, states) in zip(carried, states) {
            let before = Matrix(carried.before, rows: streams.count, columns: states.columns)
            try backend.gatherRows(of: states, at: rows, into: before)
        }
        try backend.write(characters, to: inputs)
        return try forward(dropout: nil)
    }

    /// ln p of each target given a row of the top layer's outputs, of as many rows as there are or fewer.
    ///
    /// - Throws: ``BrokenModelError``, `DeviceError`.
    func logProbabilities(of targets: [Int32], given outputs: Matrix) throws -> [Double] {
        try backend.write(targets, to: self.targets[0..<outputs.rows])
        try project(outputs)
        try computeLosses(of: outputs.rows, gradientScale: nil)
        return try logarithms(losses[0..<outputs.rows])
    }

    /// ln p of which these are the losses.
    func logarithms(_ losses: Buffer<Float>) throws -> [Double] {
        let losses = try backend.read(losses)
        guard losses.allSatisfy(\.isFinite) else { throw BrokenModelError() }
        return losses.map { -Double($0) }
    }
}
