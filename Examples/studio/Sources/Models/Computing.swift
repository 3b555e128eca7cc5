import Hummingbird

extension StudioServer {
    /// What the worker makes of a request, as long as its client waits for it and for no longer than an answer may take.
    ///
    /// - Parameter work: its task is cancelled when nobody waits any more.
    /// - Throws: ``Refusal`` when it was not ready in time, and what the work throws.
    func compute<Value: Sendable>(
        for request: Request,
        _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        let (worker, limits) = (worker, limits)
        let outcome = try await request.body.consumeWithCancellationOnInboundClose { _ in
            try await limited(seconds: limits.seconds, grace: limits.graceSeconds) { try await worker.run(work) }
        }
        switch outcome {
        case .value(let value): return value
        case .time:
            throw Refusal(
                .serviceUnavailable, "the time", "an answer may take \(limits.seconds) seconds; ask for less")
        case .shutdown: throw Refusal(.serviceUnavailable, "the server", "it is being ended")
        }
    }
}
