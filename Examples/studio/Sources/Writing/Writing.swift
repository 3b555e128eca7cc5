import CharRNN
import FoundationEssentials
import Hummingbird
import Synchronization

/// A text that is being written for a request.
final class Writing: Sendable {
    private let asked: GenerateRequest
    private let served: ServedModel
    private let traffic: Traffic
    private let recorder: AlternativeRecorder?
    /// The characters so far.
    private let count = Mutex(0)

    /// After a piece of fewer bytes some more are waited for, as long as nobody sees.
    private static let smallPiece = 256
    private static let pause = Duration.milliseconds(30)

    /// - Throws: ``Refusal``, `VocabularyError`.
    init(_ asked: GenerateRequest, by served: ServedModel, _ traffic: Traffic) throws {
        let vocabulary = served.model.vocabulary
        _ = try vocabulary.encode(asked.prompt)
        guard asked.alternatives == 0 || vocabulary.kind == .scalars else {
            throw Refusal(
                .unprocessableContent, "alternatives",
                "a token of this model (\(vocabulary.kind.rawValue)) is not always a character; leave them out")
        }
        self.asked = asked
        self.served = served
        self.traffic = traffic
        recorder = asked.alternatives > 0 ? AlternativeRecorder(vocabulary, count: asked.alternatives) : nil
    }

    /// What a text has come to.
    struct Answer: Encodable, Sendable {
        let model: String
        /// Nil in the last event of a stream, where all of it has been told.
        var text: String?
        var characters: [AlternativeRecorder.Drawn]?
        var length = 0
        /// "limit", "stop", "time" or "shutdown".
        var end = ""
        /// The string before which it ended.
        var stop: String?
        let seed: UInt64
    }

    private struct Piece: Encodable, Sendable {
        let text: String
        let characters: [AlternativeRecorder.Drawn]?
    }

    /// All of it at once.
    ///
    /// - Throws: ``Refusal``, `DeadEndError`, `BrokenModelError`, `DeviceError`.
    func whole(within limits: Limits) async throws -> Answer {
        let pieces = Mutex<[Piece]>([])
        let outcome = try await limited(seconds: limits.seconds, grace: limits.graceSeconds) {
            try await self.write { piece in pieces.withLock { $0.append(piece) } }
        }
        let all = pieces.withLock { $0 }
        var answer = answer(outcome)
        answer.text = all.map(\.text).joined()
        if recorder != nil { answer.characters = all.flatMap { $0.characters ?? [] } }
        return answer
    }

    /// An event for each piece, and one named "end" or "error".
    ///
    /// - Throws: what writing throws; `CancellationError` when nobody reads the end.
    func stream(within limits: Limits, to write: (ServerSentEvent) async throws -> Void) async throws {
        let last: ServerSentEvent
        do {
            let outcome = try await limited(seconds: limits.seconds, grace: limits.graceSeconds) {
                try await self.write { try await write(ServerSentEvent(nil, $0)) }
            }
            last = try ServerSentEvent("end", answer(outcome))
        } catch let error where !(error is CancellationError) {
            last = try ServerSentEvent("error", Refusal(of: error))
        }
        // A client that has not read the text will not read its end either.
        let outcome = try await limited(seconds: limits.graceSeconds, grace: limits.graceSeconds) {
            try await write(last)
        }
        guard case .value = outcome else { throw CancellationError() }
    }

    private func write(_ tell: (Piece) async throws -> Void) async throws -> TextEnd? {
        let text = batchedText()
        for try await piece in text {
            let length = piece.count
            let written = count.withLock {
                $0 += length
                return $0
            }
            traffic.written(length)
            try await tell(Piece(text: piece, characters: recorder?.take(piece)))
            // Of many texts each gets a few characters at a time, and to hand on so few costs more than to write them.
            if piece.utf8.count < Self.smallPiece, written < asked.length { try await Task.sleep(for: Self.pause) }
        }
        return text.end
    }

    private func batchedText() -> BatchedText {
        let sampling = asked.sampling
        guard let recorder else {
            return served.batcher.text(
                after: asked.prompt, limit: asked.length, stoppingAt: asked.stops, by: sampling)
        }
        return served.batcher.text(
            after: asked.prompt, limit: asked.length, stoppingAt: asked.stops, mirostat: sampling.mirostat,
            seed: sampling.seed
        ) { expected, recent in
            let chosen = expected.applying(sampling, recent)
            recorder.record(expected, chosen, after: recent.last)
            return chosen
        }
    }

    private func answer(_ outcome: Limited<TextEnd?>) -> Answer {
        var answer = Answer(model: asked.model, seed: asked.sampling.seed ?? 0)
        answer.length = count.withLock { $0 }
        switch outcome {
        case .time: answer.end = "time"
        case .shutdown: answer.end = "shutdown"
        case .value(.stop(let string)):
            answer.end = "stop"
            answer.stop = string
        case .value: answer.end = "limit"
        }
        return answer
    }
}
