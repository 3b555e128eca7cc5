import Dispatch
import Synchronization

/// Computes what takes long, one after the other, on a thread of its own: the threads that answer requests never wait for a
/// device.
final class Worker: Sendable {
    private let queue = DispatchQueue(label: "char-rnn-studio.worker")

    /// - Parameter work: is told how to see that nobody waits for it any more, by what then throws.
    /// - Throws: what it throws; `CancellationError` when the task is cancelled.
    func run<Value: Sendable>(
        _ work: @escaping @Sendable (_ checkCancellation: @escaping () throws -> Void) throws -> Value
    ) async throws -> Value {
        let flag = Flag()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                queue.async {
                    continuation.resume(
                        with: Result {
                            try flag.check()
                            return try work(flag.check)
                        })
                }
            }
        } onCancel: {
            flag.isCancelled.store(true, ordering: .relaxed)
        }
    }

    private final class Flag: Sendable {
        let isCancelled = Atomic(false)

        func check() throws { if isCancelled.load(ordering: .relaxed) { throw CancellationError() } }
    }
}
