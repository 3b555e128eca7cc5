import CharRNN
import Foundation
import TestSupport
import Testing

/// Texts that a model makes up.
@Suite struct TokenStreamTests {
    private func session(_ device: Device = .cpu) throws -> Session {
        var session = try Run(hiddenSize: 9).model(on: device).makeSession()
        try session.feed("abc")
        return session
    }

    private func byHand(_ session: Session, _ count: Int, temperature: Float, seed: UInt64) throws -> [Int] {
        var session = session
        var generator = SplitMix64(seed: seed)
        return try (0..<count).map { _ in
            let token = session.next.temperature(temperature).sample(using: &generator)
            try session.feed(token)
            return token
        }
    }

    @Test(arguments: [Float(0), 0.5, 1])
    func aStreamIsTheLoopWrittenByHand(_ temperature: Float) async throws {
        let session = try session()
        let expected = try byHand(session, 60, temperature: temperature, seed: 4)
        let stream = session.tokens(temperature: temperature, using: SplitMix64(seed: 4))
        #expect(Array(stream.prefix(60)) == expected)
        var collected: [Int] = []
        for try await token in session.asyncTokens(temperature: temperature, using: SplitMix64(seed: 4)) {
            collected.append(token)
            if collected.count == 60 { break }
        }
        #expect(collected == expected)
    }

    @Test func aStreamDrawsFromWhatIsChosen() async throws {
        let session = try session()
        let stream = session.tokens(using: SplitMix64(seed: 4)) { $0.filter { $0 % 2 == 0 }.topK(2) }
        let tokens = Array(stream.prefix(40))
        #expect(tokens.allSatisfy { $0 % 2 == 0 } && Set(tokens).count > 1)
        // A Sendable one goes to another task, and the session comes back.
        let later = session.asyncTokens(using: SplitMix64(seed: 4)) { $0.filter { $0 % 2 == 0 }.topK(2) }
        let (collected, end) = try await Task.detached {
            var (collected, iterator): ([Int], _) = ([], later.makeAsyncIterator())
            while collected.count < 40, let token = try await iterator.next() { collected.append(token) }
            return (collected, iterator.session)
        }.value
        #expect(collected == tokens)
        expectSame(end.next.logits, stream.session.next.logits)
    }

    @Test func aStreamLeavesItsSessionAndKnowsItsOwn() throws {
        let session = try session()
        let before = session.next.logits
        let stream = session.tokens(using: SplitMix64(seed: 4))
        let tokens = (0..<10).map { _ in stream.next()! }
        expectSame(session.next.logits, before)
        var expected = session
        try expected.feed(tokens)
        expectSame(stream.session.next.logits, expected.next.logits)
        #expect(stream.failure == nil)
    }

    @Test func twoStreamsOfOneSessionAreTheSame() throws {
        let session = try session()
        let first = session.tokens(using: SplitMix64(seed: 4))
        let second = session.tokens(using: SplitMix64(seed: 4))
        for _ in 0..<20 { #expect(first.next() == second.next()) }
    }

    @Test func anAsynchronousStreamBeginsAnewForEachIterator() async throws {
        let tokens = try session().asyncTokens(using: SplitMix64(seed: 4))
        var first = tokens.makeAsyncIterator()
        var second = tokens.makeAsyncIterator()
        for _ in 0..<10 {
            let (one, other) = (try await first.next(), try await second.next())
            #expect(one == other)
        }
    }

    @Test func cancellingTheTaskEndsTheStream() async throws {
        let session = try session()
        let task = Task {
            var count = 0
            for try await _ in session.asyncTokens(using: SplitMix64(seed: 4)) {
                count += 1
                // From within, so that nothing hangs on the speed of the machine.
                if count == 5 { withUnsafeCurrentTask { $0?.cancel() } }
                if count == 100 { break }
            }
            return count
        }
        #expect(try await task.value == 5)
    }

    @Test(arguments: RecurrentCell.allCases)
    func aGreedyTextIsTheSameOnEveryDevice(_ cell: RecurrentCell) throws {
        // Trained a little, so that the likeliest character is not a matter of roundings.
        var run = Run(cell: cell, hiddenSize: 16, batchSize: 4, sequenceLength: 11, text: SmallText.rhythm(880))
        run.options = .init(optimizer: .rmsProp(learningRate: 0.01))
        let trainer = try run.trainer()
        for _ in 0..<200 { _ = try trainer.step() }
        let checkpoint = try Checkpoint(of: trainer)
        func write(_ device: Device) throws -> String {
            var session = try LanguageModel(checkpoint, on: device).makeSession()
            try session.feed("abc")
            let tokens = Array(session.tokens(temperature: 0, using: SplitMix64(seed: 1)).prefix(120))
            return session.vocabulary.decode(tokens)
        }
        let expected = try write(.cpu)
        #expect(expected.contains("abcab dad.\nabcab dad.\n"))
        for device in Device.underTest { #expect(try write(device) == expected, "\(device)") }
    }
}
