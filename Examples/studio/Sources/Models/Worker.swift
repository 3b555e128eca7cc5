import Dispatch

/// Computes what takes long, one after the other, on a thread of its own: the threads that answer requests never wait for a
/// device.
actor Worker {
    private let executor = QueueExecutor()

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Throws: what the work throws; `CancellationError` when nobody waits for it any more.
    func run<Value: Sendable>(_ work: @Sendable () throws -> Value) throws -> Value {
        try Task.checkCancellation()
        return try work()
    }
}

private final class QueueExecutor: SerialExecutor {
    private let queue = DispatchQueue(label: "char-rnn-studio.worker")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}
