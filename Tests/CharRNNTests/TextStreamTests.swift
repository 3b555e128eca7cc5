import CharRNN
import Foundation
import Synchronization
import TestSupport
import Testing

/// Whole texts in pieces of whole characters.
@Suite struct TextStreamTests {
    private func session(_ kind: TokenKind = .scalars, text: String = SmallText.noise(130)) throws -> Session {
        let model = try LanguageModel(
            .init(cell: .lstm, vocabulary: Vocabulary(of: text, kind: kind), hiddenSize: 9, layerCount: 2), on: .cpu,
            seed: 7)
        return try model.makeSession()
    }

    /// What the session writes, token by token.
    private func byHand(_ session: Session, seed: UInt64, tokens: Int = 3000) -> String {
        session.vocabulary.decode(session.tokens(using: SplitMix64(seed: seed)).prefix(tokens))
    }

    private let mixed = "aé€😀 \r\n—ß"

    @Test(arguments: [TokenKind.scalars, .bytes, .characters])
    func theTextIsTheTokensInWholeCharacters(_ kind: TokenKind) async throws {
        let session = try session(kind, text: mixed)
        for seed: UInt64 in 0..<8 {
            let all = byHand(session, seed: seed)
            for limit in [0, 1, 2, 57, 300] {
                let expected = String(all.prefix(limit))
                func text() -> TextStream<SplitMix64> {
                    session.text(limit: limit, using: SplitMix64(seed: seed)) { $0.temperature(1) }
                }
                let stream = text()
                var pieces = Array(stream)
                // A line's end may be cut in the middle by the limit: \r is a character, and so is \r\n.
                #expect(pieces.joined() == expected || expected.hasSuffix("\r\n") && pieces.joined().last == "\r")
                #expect(pieces.reduce(0) { $0 + $1.count } == limit && pieces.joined().count == limit)
                #expect(pieces.allSatisfy { !$0.isEmpty })
                guard case .limit = stream.end else { throw Unexpected(stream.end) }
                #expect(stream.next() == nil)
                #expect(try text().joined() == pieces.joined())
                var again: [String] = []
                for try await piece in text() { again.append(piece) }
                #expect(again == pieces)
                pieces = []
                func keep(_ piece: String) { pieces.append(piece) }
                try text().forEach(keep)
                #expect(again == pieces)
            }
        }
    }

    @Test func withoutAClosureItIsDrawnFromTheModelAsItIs() throws {
        let session = try session(text: mixed)
        let text = try session.text(limit: 50, stoppingAt: ["never"], using: SplitMix64(seed: 1)).joined()
        #expect(try text == session.text(limit: 50, using: SplitMix64(seed: 1)) { $0 }.joined())
    }

    @Test func brokenTextReadsAsStringDoes() throws {
        let session = try session(.bytes, text: mixed)
        let text = try session.text(limit: 300, using: SplitMix64(seed: 1)) { $0.temperature(1) }.joined()
        #expect(text.contains("\u{FFFD}") && text.unicodeScalars.contains { $0.value > 0x7F && $0 != "\u{FFFD}" })
    }

    @Test(arguments: [TokenKind.scalars, .bytes])
    func itStopsBeforeWhateverTokensMakeUpTheString(_ kind: TokenKind) throws {
        let session = try session(kind, text: mixed)
        var found = 0
        for seed: UInt64 in 0..<60 {
            let bytes = Array(byHand(session, seed: seed).utf8)
            for stops in [["é"], ["a ", "€\n"], ["  ", " a"], ["😀", "never"]] {
                let text = session.text(limit: 200, stoppingAt: stops, using: SplitMix64(seed: seed)) {
                    $0.temperature(1)
                }
                let written = try text.joined()
                #expect(Array(written.utf8) == Array(bytes.prefix(written.utf8.count)))
                for stop in stops { #expect(!written.unicodeScalars.contains(stop.unicodeScalars)) }
                switch text.end {
                case .stop(let stop):
                    found += 1
                    let rest = bytes.dropFirst(written.utf8.count)
                    #expect(stops.contains(stop) && rest.starts(with: stop.utf8))
                case .limit: #expect(written.count == 200)
                default: throw Unexpected(text.end)
                }
            }
        }
        #expect(found > 100)
    }

    private struct Unexpected: Error {
        let end: TextEnd?
        init(_ end: TextEnd?) { self.end = end }
    }

    @Test func theClosureSeesWhatWasRead() async throws {
        var session = try session()
        try session.feed("abc")
        let prime = try session.vocabulary.encode("abc")
        var seen: [[Int]] = []
        let stream = session.tokens(using: SplitMix64(seed: 1)) { next, recent in
            seen.append(Array(recent))
            return next
        }
        let tokens = Array(stream.prefix(700))
        #expect(seen[0] == prime && seen[5] == prime + tokens[..<5])
        #expect(seen[690] == tokens[..<690].suffix(256))
        #expect(Array(stream.session.recent) == tokens.suffix(256))
        #expect(Array(session.recent) == prime)

        // Asynchronous streams too: a penalty that makes repeating impossible.
        let text = session.text(limit: 50, using: SplitMix64(seed: 2)) { next, recent in
            next.penalizing(recent.suffix(1), presence: 1000)
        }
        var written = "c"
        for try await piece in text { written += piece }
        #expect(written.count == 51 && zip(written, written.dropFirst()).allSatisfy { $0 != $1 })
        var last = prime.last!
        let asynchronous = session.asyncTokens(using: SplitMix64(seed: 2)) { next, recent in
            next.penalizing(recent.suffix(1), presence: 1000)
        }
        for try await token in asynchronous.prefix(50) {
            #expect(token != last)
            last = token
        }
    }

    @Test func theHistoryGoesWithTheSession() throws {
        var session = try session()
        try session.feed("abcab")
        let recent = Array(session.recent)
        #expect(recent == (try session.vocabulary.encode("abcab")))
        let state = try session.state()
        var copy = session
        try copy.feed("d")
        #expect(Array(session.recent) == recent && copy.recent.count == 6)
        try copy.setState(state)
        #expect(copy.recent.isEmpty, "a state does not know them")
        try session.reset()
        #expect(session.recent.isEmpty)
    }

    @Test func cancellationIsNoEnd() async throws {
        let session = try session()
        let task = Task {
            var written = ""
            let text = session.text(limit: 100, using: SplitMix64(seed: 4)) { $0.temperature(1) }
            do {
                for try await piece in text {
                    written += piece
                    if written.count == 5 { withUnsafeCurrentTask { $0?.cancel() } }
                }
                return (written, "an end")
            } catch is CancellationError {
                guard case .failure(is CancellationError) = text.end else { return (written, "\(text.end as Any)") }
                return (written, "cancelled")
            }
        }
        let (written, end) = try await task.value
        #expect(end == "cancelled" && written.count <= 6, "\(end) after \(written.count)")
        #expect(byHand(session, seed: 4).hasPrefix(written))
        // One that is over is not cancelled.
        let finished = Task {
            let text = session.text(limit: 3, using: SplitMix64(seed: 4)) { $0.temperature(1) }
            _ = Array(text)
            withUnsafeCurrentTask { $0?.cancel() }
            for try await _ in text {}
        }
        try await finished.value
    }

    @Test func deadEndsAreAnAnswer() async throws {
        let session = try session()
        let tokens = session.tokens(using: SplitMix64(seed: 1)) { next, recent in
            recent.count < 4 ? next : next.filter { _ in false }
        }
        #expect(Array(tokens).count == 4)
        let error = try #require(tokens.failure as? DeadEndError)
        #expect(error.tokenCount == 4 && "\(error)".contains("after 4 tokens"))
        let asynchronous = session.asyncTokens(using: SplitMix64(seed: 1)) { $0.filter { _ in false } }
        await #expect(throws: DeadEndError.self) { for try await _ in asynchronous {} }

        func text() -> TextStream<SplitMix64> {
            session.text(limit: 50, stoppingAt: ["xx"], mirostat: Mirostat(surprise: 2), using: SplitMix64(seed: 1)) {
                $1.count < 4 ? $0 : $0.biased(by: Dictionary(uniqueKeysWithValues: (0..<7).map { ($0, -.infinity) }))
            }
        }
        let stream = text()
        #expect(Array(stream).joined().count == 4, "what was written before is told")
        guard case .failure(is DeadEndError) = stream.end else { throw Unexpected(stream.end) }
        #expect(throws: DeadEndError.self) { try text().joined() }
        func ignore(_ piece: String) {}
        #expect(throws: DeadEndError.self) { try text().forEach(ignore) }
        var written = ""
        do {
            for try await piece in text() { written += piece }
            Issue.record("the error was overlooked")
        } catch is DeadEndError {}
        #expect(written.count == 4)
        // An iterator that has thrown is at its end, though another draw might not fail.
        let calls = Mutex(0)
        var iterator = session.asyncTokens(using: SplitMix64(seed: 1)) { next in
            calls.withLock { $0 += 1 }
            return calls.withLock { $0 } == 1 ? next.filter { _ in false } : next
        }.makeAsyncIterator()
        await #expect(throws: DeadEndError.self) { try await iterator.next() }
        #expect(try await iterator.next() == nil)
        var texts = text().makeAsyncIterator()
        await #expect(throws: DeadEndError.self) { while try await texts.next() != nil {} }
        #expect(try await texts.next() == nil)
    }

    @Test(arguments: [TokenKind.scalars, .bytes])
    func onlyWhatIsAllowedIsWritten(_ kind: TokenKind) throws {
        let session = try session(kind, text: mixed)
        let words = ["a€a ", "aß ", "é—é ", "a😀€ "]
        // A beginning of words, one after the other.
        @Sendable func isAllowed(_ text: String) -> Bool {
            var rest = text[...]
            while !rest.isEmpty {
                if words.contains(where: { $0.hasPrefix(rest) }) { return true }
                guard let word = words.first(where: { rest.hasPrefix($0) }) else { return false }
                rest = rest.dropFirst(word.count)
            }
            return true
        }
        var (used, deadEnds): (Set<String>, Int) = ([], 0)
        for seed: UInt64 in 0..<20 {
            let text = session.text(limit: 60, allowing: isAllowed, using: SplitMix64(seed: seed)) {
                // What the model likes best does not rule out what is allowed.
                seed % 2 == 0 ? $0.topK(1) : $0.temperature(1)
            }
            let written = Array(text).joined()
            if case .failure(is DeadEndError) = text.end {
                // Bytes that begin a character that is not allowed are noticed when it is whole.
                #expect(kind == .bytes)
                deadEnds += 1
                continue
            }
            #expect(isAllowed(written) && written.count == 60)
            used.formUnion(written.split(separator: " ").dropLast().map { $0 + " " })
        }
        #expect(used.isSubset(of: words) && (used.count == 4 || deadEnds > 0))
    }

    @Test func mirostatDrawsAStream() throws {
        let session = try session()
        var byHand = session
        var (mirostat, generator) = (Mirostat(surprise: 1), SplitMix64(seed: 9))
        let expected = try (0..<60).map { _ in
            let token = try #require(mirostat.draw(from: byHand.next.temperature(0.7), using: &generator))
            try byHand.feed(token)
            return token
        }
        let tokens = session.tokens(mirostat: Mirostat(surprise: 1), using: SplitMix64(seed: 9)) { next, _ in
            next.temperature(0.7)
        }
        #expect(Array(tokens.prefix(60)) == expected)
        let sampling = Sampling(temperature: 0.7, mirostat: Mirostat(surprise: 1), seed: 9)
        #expect(Array(session.tokens(by: sampling).prefix(60)) == expected)
        #expect(try session.text(limit: 60, by: sampling).joined() == session.vocabulary.decode(expected))
    }
}
