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
    /// The losses of the steps before this run, when it resumes another.
    private let earlierLosses: [Float]
    /// The iterations before the first that this log holds.
    private var start: Int { earlierLosses.count }

    init(after earlierLosses: [Float], on backend: any Backend) throws {
        self.earlierLosses = earlierLosses
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

    /// The loss of every step so far, those before a resumption included.
    func losses() throws -> [Float] {
        try collect()
        return earlierLosses + entries.map(\.loss)
    }

    /// The mean of the last losses before step `iteration`; nil for the first.
    func meanLoss(before iteration: Int, atMost count: Int) throws -> Float? {
        let indices = max(0, iteration - 1 - count)..<iteration - 1
        guard !indices.isEmpty else { return nil }
        let sum = try indices.reduce(Float(0)) {
            $0 + ($1 < start ? earlierLosses[$1] : try entry($1 + 1).loss)
        }
        return sum / Float(indices.count)
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
