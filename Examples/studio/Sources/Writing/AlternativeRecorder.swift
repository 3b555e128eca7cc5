import CharRNN
import Synchronization

/// Keeps what could have been written in the place of each character of a text.
///
/// The text's closure is told what is expected before each token is drawn, and the token itself only before the next. The
/// text comes later, and of the last character it is the only one that tells what was drawn.
final class AlternativeRecorder: Sendable {
    /// A character that could come.
    struct Alternative: Encodable, Sendable {
        let text: String
        /// Its probability as the model has it, and after what the sampling has done to that (Mirostat aside).
        let model, sampling: Float
    }

    /// A character that was written.
    struct Drawn: Encodable, Sendable {
        let text: String
        let model, sampling: Float
        /// The likeliest by the model, the likeliest first.
        let alternatives: [Alternative]
    }

    private struct State {
        /// What a token is drawn from that is not known yet.
        var pending: (expected: Distribution, chosen: Distribution)?
        /// Of the tokens that the text has not told yet.
        var drawn: ArraySlice<Drawn> = []
    }

    private let vocabulary: Vocabulary
    private let count: Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - vocabulary: of Unicode scalars, so that the scalars of a text are its tokens.
    ///   - count: how many alternatives to keep of each.
    init(_ vocabulary: Vocabulary, count: Int) {
        precondition(vocabulary.kind == .scalars, "alternatives of \(vocabulary.kind)")
        self.vocabulary = vocabulary
        self.count = count
    }

    /// Called before each draw.
    ///
    /// - Parameters:
    ///   - expected: what the model expects.
    ///   - chosen: what is drawn from.
    ///   - last: the token that was read last.
    func record(_ expected: Distribution, _ chosen: Distribution, after last: Int?) {
        state.withLock { state in
            if let pending = state.pending, let last { state.drawn.append(drawn(last, from: pending)) }
            state.pending = (expected, chosen)
        }
    }

    /// Those of the next piece of the text.
    func take(_ piece: String) -> [Drawn] {
        state.withLock { state in
            piece.unicodeScalars.compactMap { scalar in
                if let next = state.drawn.popFirst() { return next }
                guard let pending = state.pending, let token = vocabulary.number(of: Array(String(scalar).utf8)) else {
                    return nil
                }
                state.pending = nil
                return drawn(token, from: pending)
            }
        }
    }

    private func drawn(_ token: Int, from pending: (expected: Distribution, chosen: Distribution)) -> Drawn {
        let (model, sampling) = (pending.expected.probabilities, pending.chosen.probabilities)
        let logits = pending.expected.topK(count).logits
        // Of equals the first.
        let likeliest = logits.indices.filter { logits[$0].isFinite }.sorted { (logits[$0], $1) > (logits[$1], $0) }
        return Drawn(
            text: vocabulary[token], model: model[token], sampling: sampling[token],
            alternatives: likeliest.map {
                Alternative(text: vocabulary[$0], model: model[$0], sampling: sampling[$0])
            })
    }
}
