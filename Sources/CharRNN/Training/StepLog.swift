import OpenCLCompute

/// The measurements of the training steps. They stay on the device until somebody asks, so that training does not
/// wait for them.
final class StepLog {
    struct Entry {
        /// Nats per character.
        let loss: Float
        /// Σg² after clipping and Σx² after the step.
        let gradientSquares, parameterSquares: Float
    }

    /// The steps that wait at most.
    static let capacity = 512

    private let backend: any Backend
    private let pending: Buffer<Float>
    private var pendingCount = 0
    private var entries: [Entry] = []
    /// The iterations before the first that this log holds.
    let start: Int

    init(start: Int, on backend: any Backend) throws {
        self.start = start
        self.backend = backend
        pending = try backend.makeBuffer(of: Float.self, count: 3 * Self.capacity)
    }

    /// Where the next step puts its loss and its two sums of squares.
    func next() throws -> (loss: Buffer<Float>, norms: Buffer<Float>) {
        if pendingCount == Self.capacity { try collect() }
        let slot = pending[3 * pendingCount..<3 * pendingCount + 3]
        return (slot[0..<1], slot[1..<3])
    }

    /// Takes note that they are there. A step that failed has none.
    func stepped() { pendingCount += 1 }

    func entry(_ iteration: Int) throws -> Entry {
        let index = iteration - start - 1
        if index >= entries.count { try collect() }
        precondition(entries.indices.contains(index), "the log holds no iteration \(iteration)")
        return entries[index]
    }

    /// The loss of every step so far.
    func losses() throws -> [Float] {
        try collect()
        return entries.map(\.loss)
    }

    /// The steps after `iteration`.
    func entries(after iteration: Int) throws -> ArraySlice<Entry> {
        try collect()
        return entries[(iteration - start)...]
    }

    /// Drops the steps after `iteration`, which will be taken anew.
    func forget(after iteration: Int) throws {
        try collect()
        entries.removeSubrange((iteration - start)...)
    }

    /// Waits for the steps so far.
    private func collect() throws {
        let values = try backend.read(pending[0..<3 * pendingCount])
        for i in 0..<pendingCount {
            entries.append(
                Entry(loss: values[3 * i], gradientSquares: values[3 * i + 1], parameterSquares: values[3 * i + 2]))
        }
        pendingCount = 0
    }
}
