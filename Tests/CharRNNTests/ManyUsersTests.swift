import CharRNN
import Foundation
import TestSupport
import Testing

/// The code of the article Many users: it is compiled and run here, and the article has the same lines.
@Suite struct ManyUsersTests {
    private let text = "ROMEO: yes no maybe\n\n0123456789"

    @Test func oneBatcher() async throws {
        let model = try Run(hiddenSize: 9, text: text).model()
        var written = ""
        func print(_ items: Any..., terminator: String = "") { for item in items { written += "\(item)" + terminator } }
        let batcher = Batcher(model, capacity: 64)
        for try await piece in batcher.text(after: "ROMEO:", limit: 200, seed: 7) { print(piece, terminator: "") }
        var session = try model.makeSession()
        try session.feed("ROMEO:")
        let alone = try session.text(limit: 200, using: SplitMix64(seed: 7)) { $0.temperature(1) }.joined()
        #expect(written == alone)

        let reply = batcher.text(after: "ROMEO:", limit: 300, stoppingAt: ["\n\n"], seed: 7) { next, recent in
            next.penalizing(recent.suffix(64), repetition: 1.1).minP(0.02).temperature(0.9)
        }
        for try await piece in reply { print(piece, terminator: "") }
        switch reply.end {
        case .limit: print("…")
        case .stop(let stop): print("ended before \(stop)")
        case .failure, nil: break  // the loop has thrown, or was left
        }

        let sampling = Sampling(temperature: 0.9, minP: 0.05, seed: 7)
        let whole = try await batcher.text(after: "ROMEO:", limit: 300, by: sampling).reduce("", +)
        #expect(whole.count == 300)
    }

    @Test func rowsAndStates() throws {
        let model = try Run(hiddenSize: 9, text: text).model()
        let vocabulary = model.vocabulary
        var session = try model.makeSession()
        try session.feed("yes")
        var generator = SplitMix64(seed: 1)
        let group = try model.makeSessionGroup()
        let row = try group.join(session)
        let other = try group.fork(row)
        for _ in 0..<20 { try group.feed([row: group.next(of: row).temperature(0.8).sample(using: &generator)]) }
        try group.feed([row: try vocabulary.encode("yes"), other: try vocabulary.encode("no")])
        let resumed = try group.session(of: row)
        #expect(resumed.next.logits == group.next(of: row).logits)

        let beams = try group.feed([3, 5, 8], from: [other, row, other])
        #expect(group.rows == beams)

        let saved = try session.state().bytes
        let later = try model.makeSession(at: .init(bytes: saved))
        #expect(later.next.logits == session.next.logits)
    }

    @Test func theArticleHasTheCodeOfThisFile() throws { try Article.expect("ManyUsers", blocks: 5) }
}
