import Dispatch
import Synchronization

extension TrainingRun {
    /// The events of the run, which trains on a thread of its own from the first one on.
    ///
    /// When the task that reads them is cancelled, the run writes a checkpoint and ends; the sequence goes on until then,
    /// so that the checkpoint is there when the loop is over. Who leaves the loop early cancels the run as well, and does
    /// not wait for it. Throws what ``run(_:)`` throws.
    ///
    /// The run does not wait for its reader: what is not read yet stays in memory, some hundred bytes a step. Where
    /// training must not get ahead of what is done with it, give ``run(_:)`` a closure.
    public func events() -> Events { Events(run: self) }

    /// What ``events()`` gives.
    public struct Events: AsyncSequence, Sendable {
        fileprivate let run: TrainingRun

        public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(Subscription(to: run)) }

        public struct AsyncIterator: AsyncIteratorProtocol, Sendable {
            private let subscription: Subscription

            fileprivate init(_ subscription: Subscription) { self.subscription = subscription }

            public func next() async throws -> TrainingEvent? {
                try await withTaskCancellationHandler {
                    try await subscription.queue.next()
                } onCancel: { [run = subscription.run] in
                    run.cancel()
                }
            }
        }
    }
}

/// Cancels the run when nobody reads its events any more.
private final class Subscription: Sendable {
    let run: TrainingRun
    let queue = EventQueue()

    init(to run: TrainingRun) {
        self.run = run
        // Not a task: a run would keep one of the few threads that tasks share.
        DispatchQueue(label: "CharRNN.TrainingRun").async { [queue] in
            queue.finish(Result { try run.run { queue.append($0) } })
        }
    }

    deinit { run.cancel() }
}

/// Events on their way from the thread that trains to the task that reads them. They wait in memory.
private final class EventQueue: Sendable {
    private struct State {
        var events: ArraySlice<TrainingEvent> = []
        var outcome: Result<Void, any Error>?
        var reader: CheckedContinuation<TrainingEvent?, any Error>?
    }

    private let state = Mutex(State())

    func append(_ event: TrainingEvent) { change { $0.events.append(event) } }

    func finish(_ outcome: Result<Void, any Error>) { change { $0.outcome = outcome } }

    func next() async throws -> TrainingEvent? {
        try await withCheckedThrowingContinuation { reader in
            change { state in
                precondition(state.reader == nil, "two tasks read the same events")
                state.reader = reader
            }
        }
    }

    /// Makes a change, and gives a reader that waits what there is for it.
    private func change(_ body: (inout State) -> Void) {
        let answer = state.withLock { state -> (CheckedContinuation<TrainingEvent?, any Error>, Answer)? in
            body(&state)
            guard let reader = state.reader else { return nil }
            if let event = state.events.popFirst() {
                state.reader = nil
                return (reader, .success(event))
            }
            guard let outcome = state.outcome else { return nil }
            state.reader = nil
            state.outcome = .success(())  // an error is thrown once, then the sequence is over
            return (reader, outcome.map { nil })
        }
        if let (reader, answer) = answer { reader.resume(with: answer) }
    }

    private typealias Answer = Result<TrainingEvent?, any Error>
}
