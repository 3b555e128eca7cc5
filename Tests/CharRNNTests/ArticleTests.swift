import CharRNN
import Foundation
import TestSupport
import Testing

/// The code of the article Sampling: it is compiled and run here, and the article has the same lines.
@Suite struct ArticleTests {
    private func session() throws -> Session {
        let text = "yes no maybe\n\n0123456789"
        var session = try Run(hiddenSize: 9, text: text).model().makeSession()
        try session.feed("yes")
        return session
    }

    @Test func pieces() throws {
        let session = try session()
        var generator = SplitMix64(seed: 1)
        let token = session.next.temperature(0.8).minP(0.05).sample(using: &generator)
        #expect((0..<session.vocabulary.count).contains(token))

        guard let digit = session.next.filter({ "0123456789".contains(session.vocabulary[$0]) }).draw(using: &generator)
        else { return }
        #expect(Int(session.vocabulary[digit]) != nil)
    }

    @Test func texts() async throws {
        let session = try session()
        let tokens = session.tokens(using: SplitMix64(seed: 1)) { next, recent in
            next.penalizing(recent.suffix(64), repetition: 1.1).minP(0.02).temperature(0.9)
        }
        #expect(Array(tokens.prefix(10)).count == 10)

        var written = ""
        func print(_ items: Any..., terminator: String = "") { for item in items { written += "\(item)" + terminator } }
        let text = session.text(limit: 300, stoppingAt: ["\n\n"], using: SplitMix64(seed: 3)) { next, recent in
            next.penalizing(recent, repetition: 1.1).minP(0.02).typical(0.95).temperature(0.9)
        }
        for try await piece in text { print(piece, terminator: "") }
        #expect(!written.isEmpty && written.count <= 300)

        let verse = session.text(limit: 300, stoppingAt: ["\n\n"], using: SplitMix64(seed: 3)) { $0.temperature(0.7) }
        for piece in verse { print(piece, terminator: "") }
        switch verse.end {
        case .limit: print("…")
        case .stop(let stop): print("ended before \(stop)")
        case .failure(let error): throw error
        case nil: break
        }

        let steady = session.text(limit: 300, mirostat: Mirostat(surprise: 1.6), using: SplitMix64(seed: 5)) {
            next, _ in next
        }
        #expect(try steady.joined().count == 300)

        let json = Data(#"{"temperature": 0.9, "minP": 0.05, "mirostat": {"surprise": 1.6}, "seed": 7}"#.utf8)
        let sampling = try JSONDecoder().decode(Sampling.self, from: json)
        print(try session.text(limit: 300, by: sampling).joined())
        for beam in try session.beams(width: 8, length: 20) { print(beam.logProbability, beam.text) }
    }

    @Test func conditions() throws {
        let session = try session()
        func answer() throws -> String {
            let words = ["yes", "no", "maybe"]
            let answer = try session.text(
                limit: 5, allowing: { text in words.contains { $0.hasPrefix(text) } }, using: SplitMix64(seed: 4)
            ) { $0.temperature(0.5) }.joined()
            return answer
        }
        do { #expect(try answer() == "maybe") } catch is DeadEndError {}

        let words = ["yes", "no", "maybe"]
        let line = try session.text(
            limit: 6, stoppingAt: ["\n"], allowing: { text in words.contains { ($0 + "\n").hasPrefix(text) } },
            using: SplitMix64(seed: 4)
        ) { $0.temperature(0.5) }.joined()
        #expect(words.contains(line))
    }

    @Test func theArticleHasTheCodeOfThisFile() throws {
        func lines(_ text: some StringProtocol) -> String {
            text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.joined(separator: "\n")
        }
        let here = URL(fileURLWithPath: #filePath)
        let article = here.appendingPathComponent("../../../Sources/CharRNN/Documentation.docc/Sampling.md")
            .standardizedFileURL
        let blocks = try String(contentsOf: article, encoding: .utf8).components(separatedBy: "```swift\n").dropFirst()
        #expect(blocks.count == 10)
        let source = lines(try String(contentsOf: here, encoding: .utf8))
        for block in blocks {
            let code = lines(block.components(separatedBy: "```")[0])
            #expect(source.contains(code), "\(code)")
        }
    }
}
