import Synchronization

/// A text that a ``Batcher`` writes, in pieces of whole characters; a piece has as many as were ready.
///
/// It can be read once, by one task: `for try await` throws what goes wrong, and `CancellationError` when the task is
/// cancelled. All of it at once is `try await text.reduce("", +)`.
///
/// It is not `Sendable`, so a method of an actor that makes one for others returns a `sending BatchedText`.
///
/// The text begins when it is first asked for a piece. When nobody reads on it waits, and who leaves the loop or cancels the
/// task ends it.
public final class BatchedText: AsyncSequence {
    public typealias Element = String

    /// Why the text has ended; nil while it goes on.
    public private(set) var end: TextEnd?
    private let batcher: Batcher
    private let request: BatchedRequest

    init(_ batcher: Batcher, _ request: BatchedRequest) {
        self.batcher = batcher
        self.request = request
    }

    deinit {
        guard end == nil else { return }
        BatchedText.cancel(request, of: batcher)
    }

    private static func cancel(_ request: BatchedRequest, of batcher: Batcher) {
        // Seen within a step. The task is for a batcher that is at rest.
        request.isCancelled.store(true, ordering: .relaxed)
        Task { await batcher.forget(request) }
    }

    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let text: BatchedText

        public mutating func next(isolation actor: isolated (any Actor)?) async throws -> String? {
            guard text.end == nil else { return nil }
            let (batcher, request) = (text.batcher, text.request)
            do {
                let answer = try await withTaskCancellationHandler {
                    try await batcher.next(of: request)
                } onCancel: {
                    BatchedText.cancel(request, of: batcher)
                }
                text.end = answer.end
                return answer.piece
            } catch {
                text.end = .failure(error)
                throw error
            }
        }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(text: self) }
}

/// What somebody wants to have written.
final class BatchedRequest: Sendable {
    let beginning: String
    let limit: Int
    let stops: [String]
    let isAllowed: (@Sendable (String) -> Bool)?
    let mirostat: Mirostat?
    let generator: SplitMix64
    let choose: @Sendable (Distribution, ArraySlice<Int>) -> Distribution
    let isCancelled = Atomic(false)

    init(
        beginning: String, limit: Int, stops: [String], isAllowed: (@Sendable (String) -> Bool)?, mirostat: Mirostat?,
        generator: SplitMix64, choose: @escaping @Sendable (Distribution, ArraySlice<Int>) -> Distribution
    ) {
        precondition(limit >= 0, "a text of \(limit) characters")
        precondition(!stops.contains(""), "an empty string to stop at")
        self.beginning = beginning
        self.limit = limit
        self.stops = stops
        self.isAllowed = isAllowed
        self.mirostat = mirostat
        self.generator = generator
        self.choose = choose
    }
}
