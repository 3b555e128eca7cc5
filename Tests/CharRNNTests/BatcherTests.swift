import CharRNN
import Foundation
import Synchronization
import TestSupport
import Testing

/// Texts that many tasks ask for.
@Suite struct BatcherTests {
    private func model(_ cell: RecurrentCell = .lstm, on device: Device = .cpu) throws -> LanguageModel {
        try Run(cell: cell, hiddenSize: 9, text: SmallText.noise(130)).model(on: device)
    }

    /// What a session of its own writes.
    private func alone(
        _ model: LanguageModel, after beginning: String, limit: Int, stoppingAt stops: [String] = [], seed: UInt64,
        _ choose: @escaping (Distribution, ArraySlice<Int>) -> Distribution = { next, _ in next }
    ) throws -> String {
        var session = try model.makeSession()
        try session.feed(beginning)
        return try session.text(
            limit: limit, stoppingAt: stops, using: SplitMix64(seed: seed), choose
        ).joined()
    }

    @Test(arguments: RecurrentCell.allCases)
    func eachTextIsTheOneThatASessionOfItsOwnWrites(_ cell: RecurrentCell) async throws {
        for device in Device.underTest + [.processor(threadCount: 3)] where device.sumsAlike {
            let model = try model(cell, on: device)
            @Sendable func choose(_ next: Distribution, _ recent: ArraySlice<Int>) -> Distribution {
                next.penalizing(recent.suffix(9), repetition: 1.3).minP(0.02).temperature(1.5)
            }
            @Sendable func beginning(_ index: Int) -> String { String("abcdabc".prefix(index % 8)) }
            let expected = try (0..<24).map { index in
                try alone(
                    model, after: beginning(index), limit: 5 * index, stoppingAt: index % 3 == 0 ? ["ab"] : [],
                    seed: UInt64(index), choose)
            }
            for capacity in [1, 5, 64] {
                let batcher = Batcher(model, capacity: capacity)
                let texts = try await withThrowingTaskGroup(of: (Int, String).self) { group in
                    for index in 0..<24 {
                        group.addTask {
                            let text = batcher.text(
                                after: beginning(index), limit: 5 * index, stoppingAt: index % 3 == 0 ? ["ab"] : [],
                                seed: UInt64(index), choose)
                            return (index, try await text.reduce("", +))
                        }
                    }
                    return try await group.reduce(into: [Int: String]()) { $0[$1.0] = $1.1 }
                }
                for index in 0..<24 {
                    #expect(texts[index] == expected[index], "text \(index) of \(capacity) rows on \(device)")
                }
            }
        }
    }

    /// A session reads a long beginning in blocks, the batcher token by token.
    @Test(arguments: [RecurrentCell.lstm, .gru])
    func aLongBeginningIsReadToTheSameBits(_ cell: RecurrentCell) async throws {
        for device in Device.underTest where device.sumsAlike {
            let model = try model(cell, on: device)
            let batcher = Batcher(model, capacity: 3)
            // The longest that a session reads in order.
            for length in [15, 16, 17, 130] + (device.kind == .cpu ? [6911] : []) {
                let beginning = String(SmallText.noise(6911).prefix(length))
                let expected = try alone(model, after: beginning, limit: 40, seed: 1)
                let text = try await batcher.text(after: beginning, limit: 40, seed: 1).reduce("", +)
                #expect(text == expected, "after \(length) characters, \(cell) on \(device)")
                var session = try model.makeSession()
                let group = try model.makeSessionGroup()
                let row = try group.join(session)
                try group.feed([row: try model.vocabulary.encode(beginning)])
                try session.feed(beginning)
                #expect(
                    try group.session(of: row).state() == session.state(),
                    "the state after \(length) characters, \(cell) on \(device)")
            }
        }
    }

    /// Tasks that read to the end, leave early, are cancelled, or are slow, four times as many as there are rows.
    @Test(arguments: [(threads: 1, capacity: 16), (3, 13)])
    func sixtyFourTasksComeAndGo(_ threads: Int, _ capacity: Int) async throws {
        let model = try model(on: .processor(threadCount: threads))
        let batcher = Batcher(model, capacity: capacity)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<64 {
                group.addTask {
                    let seed = UInt64(index)
                    switch index % 4 {
                    case 0:
                        let text = try await batcher.text(after: "ab", limit: 700, seed: seed).reduce("", +)
                        #expect(text == (try alone(model, after: "ab", limit: 700, seed: seed)))
                    case 1:
                        for try await _ in batcher.text(after: "ab", limit: .max, seed: seed) { break }
                    case 2:
                        let endless = Task {
                            for try await _ in batcher.text(after: "ab", limit: .max, seed: seed) {
                                withUnsafeCurrentTask { $0?.cancel() }
                            }
                        }
                        await #expect(throws: CancellationError.self) { try await endless.value }
                    default:
                        var text = ""
                        for try await piece in batcher.text(after: "ab", limit: 300, seed: seed) {
                            text += piece
                            try await Task.sleep(for: .milliseconds(1))
                        }
                        #expect(text == (try alone(model, after: "ab", limit: 300, seed: seed)))
                    }
                }
            }
            try await group.waitForAll()
        }
        // All rows are free again.
        let text = try await batcher.text(after: "ab", limit: 100, seed: 1).reduce("", +)
        #expect(text == (try alone(model, after: "ab", limit: 100, seed: 1)))
    }

    /// Cut into turns, and with readers that do not keep up, all the same.
    @Test(arguments: [(threads: 1, capacity: 2), (3, 13)])
    func aLongTextIsTheSameThroughItsTurns(_ threads: Int, _ capacity: Int) async throws {
        let model = try model(on: .processor(threadCount: threads))
        let batcher = Batcher(model, capacity: capacity)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<capacity + 5 {
                group.addTask {
                    var written = ""
                    for try await piece in batcher.text(after: "ab", limit: 3000, seed: UInt64(index)) {
                        #expect(piece.utf8.count < 2000)
                        written += piece
                        if index == 3 { try await Task.sleep(for: .milliseconds(2)) }
                    }
                    #expect(written == (try alone(model, after: "ab", limit: 3000, seed: UInt64(index))))
                }
            }
            try await group.waitForAll()
        }
    }

    @Test func samplingsAndClosuresAreThoseOfSessions() async throws {
        let model = try model()
        let batcher = Batcher(model)
        var session = try model.makeSession()
        try session.feed("abc")
        let sampling = Sampling(
            repetitionPenalty: 1.1, temperature: 0.9, minP: 0.02, mirostat: Mirostat(surprise: 1.2), seed: 5)
        let text = batcher.text(after: "abc", limit: 200, stoppingAt: ["da"], by: sampling)
        let expected = session.text(limit: 200, stoppingAt: ["da"], by: sampling)
        #expect(text.end == nil)
        #expect(try await text.reduce("", +) == expected.joined())
        #expect(text.end != nil && String(describing: text.end) == String(describing: expected.end))

        let cold = batcher.text(after: "abc", limit: 50, seed: 5) { $0.temperature(0) }
        let greedy = session.text(limit: 50, using: SplitMix64(seed: 5)) { $0.temperature(0) }
        #expect(try await cold.reduce("", +) == greedy.joined())
        guard case .limit = cold.end else { throw Unexpected(cold.end) }

        let noise = batcher.text(after: "", limit: 50, allowing: { !$0.contains("a") }, seed: 5)
        let written = try await noise.reduce("", +)
        #expect(written.count == 50 && !written.contains("a"))
        // Without a seed another one each time.
        let some = [batcher.text(after: "", limit: 60), batcher.text(after: "", limit: 60)]
        #expect(try await some[0].reduce("", +) != (try await some[1].reduce("", +)))
    }

    private struct Unexpected: Error {
        let end: TextEnd?
        init(_ end: TextEnd?) { self.end = end }
    }

    /// One task that reads two texts in turn would wait for ever if the first kept the only row.
    @Test func textsThatOneTaskReadsInTurnShareARow() async throws {
        let model = try model()
        let batcher = Batcher(model, capacity: 1)
        var texts = (0..<3).map { batcher.text(after: "a", limit: 5000, seed: UInt64($0)).makeAsyncIterator() }
        var written = ["", "", ""]
        var reading = [0, 1, 2]
        while !reading.isEmpty {
            for index in reading {
                if let piece = try await texts[index].next(isolation: nil) {
                    written[index] += piece
                } else {
                    reading.removeAll { $0 == index }
                }
            }
        }
        for index in 0..<3 {
            #expect(written[index] == (try alone(model, after: "a", limit: 5000, seed: UInt64(index))))
        }
    }

    @Test func aTextThatNobodyReadsRests() async throws {
        let batcher = Batcher(try model(), capacity: 4)
        let drawn = Atomic(0)
        let text = batcher.text(after: "", limit: .max, seed: 1) { next in
            drawn.add(1, ordering: .relaxed)
            return next
        }
        var reader = text.makeAsyncIterator()
        var read = try await reader.next(isolation: nil)!.count
        for round in 0..<20 {
            // Other texts are written meanwhile.
            _ = try await batcher.text(after: "", limit: 3000, seed: UInt64(round)).reduce("", +)
            let ahead = drawn.load(ordering: .relaxed) - read
            #expect(ahead >= 0 && ahead <= 1100, "\(ahead) characters ahead of the reader")
            read += try await reader.next(isolation: nil)!.count
        }
        #expect(read > 2000)
    }

    @Test func anEndlessTextKeepsNobodyWaiting() async throws {
        let batcher = Batcher(try model(), capacity: 1)
        let task = Task {
            var count = 0
            for try await piece in batcher.text(after: "", limit: .max, seed: 1) { count += piece.count }
            return count
        }
        for seed: UInt64 in 0..<5 {
            #expect(try await batcher.text(after: "ab", limit: 300, seed: seed).reduce("", +).count == 300)
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func cancellationFreesTheRowWithinAStep() async throws {
        let batcher = Batcher(try model(), capacity: 1)
        let drawn = Atomic(0)
        let afterwards = Atomic(0)
        let handle = Mutex<Task<Int, any Error>?>(nil)
        let task = Task {
            let text = batcher.text(after: "", limit: .max, seed: 1) { next in
                if handle.withLock({ $0?.isCancelled ?? false }) { afterwards.add(1, ordering: .relaxed) }
                // On the batcher's thread, in the middle of a step.
                if drawn.add(1, ordering: .relaxed).newValue >= 1500 { handle.withLock { $0?.cancel() } }
                return next
            }
            return try await text.reduce(0) { $0 + $1.count }
        }
        handle.withLock { $0 = task }
        await #expect(throws: CancellationError.self) { try await task.value }
        // The only row is free for this one, and the other draws no more.
        #expect(try await batcher.text(after: "", limit: 3000, seed: 1).reduce("", +).count == 3000)
        #expect(afterwards.load(ordering: .relaxed) == 0)
    }

    @Test func whoLeavesTheLoopFreesTheRow() async throws {
        let batcher = Batcher(try model(), capacity: 1)
        let drawn = Atomic(0)
        for try await _ in batcher.text(
            after: "", limit: .max, seed: 1,
            { next in
                drawn.add(1, ordering: .relaxed)
                return next
            })
        { break }
        #expect(try await batcher.text(after: "", limit: 30, seed: 1).reduce("", +).count == 30)
        let before = drawn.load(ordering: .relaxed)
        #expect(try await batcher.text(after: "", limit: 3000, seed: 1).reduce("", +).count == 3000)
        #expect(drawn.load(ordering: .relaxed) == before)
    }

    @Test func whoIsCancelledInLineLeavesIt() async throws {
        let batcher = Batcher(try model(), capacity: 1)
        var endless = batcher.text(after: "", limit: .max, seed: 1).makeAsyncIterator()
        _ = try await endless.next(isolation: nil)
        let tasks = (0..<10).map { seed in
            Task { try await batcher.text(after: "", limit: .max, seed: UInt64(seed)).reduce(0) { $0 + $1.count } }
        }
        for task in tasks { task.cancel() }
        for task in tasks { await #expect(throws: CancellationError.self) { try await task.value } }
        _ = try await endless.next(isolation: nil)
        #expect(try await batcher.text(after: "", limit: 10, seed: 1).reduce("", +).count == 10)
    }

    @Test func whatGoesWrongInATextIsItsOwn() async throws {
        let model = try model()
        let batcher = Batcher(model, capacity: 3)
        async let right = batcher.text(after: "ab", limit: 2000, seed: 1).reduce("", +)
        await #expect(throws: VocabularyError.unknownCharacter("X", offset: 1)) {
            try await batcher.text(after: "aX", limit: 10, seed: 1).reduce("", +)
        }
        await #expect(throws: DeadEndError.self) {
            try await batcher.text(after: "a", limit: 10, seed: 1) { $0.filter { _ in false } }.reduce("", +)
        }
        // What was written before is good.
        let text = batcher.text(after: "a", limit: 10, allowing: { $0.count < 4 }, seed: 1)
        var written = ""
        do { for try await piece in text { written += piece } } catch is DeadEndError {}
        #expect(written.count == 3)
        guard case .failure(is DeadEndError) = text.end else { throw Unexpected(text.end) }
        #expect(try await right == (try alone(model, after: "ab", limit: 2000, seed: 1)))
    }

    /// Such as a text with a character whose weights are damaged.
    @Test(arguments: RecurrentCell.allCases, [1, 3])
    func aTextThatIsAnsweredWithNaNEndsAlone(_ cell: RecurrentCell, _ threads: Int) async throws {
        let model = try model(cell, on: .processor(threadCount: threads))
        let token = try model.vocabulary.encode("c")[0]
        // W of the first layer comes first, a row for each token.
        let gates = cell.inputGates.count * 9
        var values = try model.parameterValues()
        values[token * gates..<(token + 1) * gates] = ArraySlice(repeating: .nan, count: gates)
        try model.setParameterValues(values)
        @Sendable func others(_ next: Distribution, _ recent: ArraySlice<Int>) -> Distribution {
            next.filter { $0 != token }
        }

        let batcher = Batcher(model, capacity: 5)
        var text = batcher.text(after: "ab", limit: 3000, seed: 1, others).makeAsyncIterator()
        var written = try #require(try await text.next(isolation: nil))
        for _ in 0..<6 {
            await #expect(throws: BrokenModelError.self) {
                try await batcher.text(after: "abc", limit: 10, seed: 1).reduce("", +)
            }
        }
        while let piece = try await text.next(isolation: nil) { written += piece }
        #expect(written == (try alone(model, after: "ab", limit: 3000, seed: 1, others)))
    }

    @Test(arguments: [(threads: 1, capacity: 2), (3, 13)])
    func aModelThatIsTrainedEndsItsTexts(_ threads: Int, _ capacity: Int) async throws {
        let trainer = try Run(hiddenSize: 9).trainer(on: .processor(threadCount: threads))
        let batcher = Batcher(trainer.model, capacity: capacity)
        var readers = (1..<capacity).map {
            batcher.text(after: "", limit: .max, seed: UInt64($0)).makeAsyncIterator()
        }
        // Full, so that it does not compute while the model is trained.
        for index in readers.indices { _ = try await readers[index].next(isolation: nil) }
        _ = try await batcher.text(after: "", limit: 4000, seed: 1).reduce("", +)
        try trainer.step()
        for index in readers.indices {
            await #expect(throws: ChangedModelError.session) {
                while try await readers[index].next(isolation: nil) != nil {}
            }
        }
        let text = try await batcher.text(after: "ab", limit: 40, seed: 3).reduce("", +)
        #expect(text == (try alone(trainer.model, after: "ab", limit: 40, seed: 3)))
    }

    /// Two batchers, whose closures read with sessions, and a trainer want the same threads.
    @Test func batchersAndATrainerShareADevice() async throws {
        let device = Device.processor(threadCount: 3)
        let model = try model(on: device)
        @Sendable func losses() throws -> [Float] {
            let run = Run(hiddenSize: 130, batchSize: 20, sequenceLength: 10, text: SmallText.noise(3000))
            let trainer = try run.trainer(on: device)
            return try (0..<40).map { _ in try trainer.step().loss }
        }
        @Sendable func choose(_ next: Distribution, _ recent: ArraySlice<Int>) -> Distribution {
            var session = try! model.makeSession()
            try! session.feed(recent.suffix(2))
            return session.next
        }
        let expected = try (0..<20).map { try alone(model, after: "ab", limit: 100, seed: $0, choose) }
        let training = Task.detached { try losses() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for batcher in [Batcher(model, capacity: 13), Batcher(model, capacity: 12)] {
                for seed in 0..<20 {
                    group.addTask {
                        let text = try await batcher.text(after: "ab", limit: 100, seed: UInt64(seed), choose)
                            .reduce("", +)
                        #expect(text == expected[seed])
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await training.value == losses())
    }

    /// More than Dispatch has threads.
    @Test func threeHundredBatchersWriteSideBySide() async throws {
        let model = try model()
        let batchers = (0..<300).map { _ in Batcher(model, capacity: 1) }
        let expected = try alone(model, after: "ab", limit: 5, seed: 1)
        for batcher in batchers {
            #expect(try await batcher.text(after: "ab", limit: 5, seed: 1).reduce("", +) == expected)
        }
    }

    @Test func nothingIsKeptOfATextThatHasEnded() async throws {
        final class Witness: Sendable {}
        weak var kept: Witness?
        let batcher = Batcher(try model())
        for _ in 0..<3 {
            let witness = Witness()
            kept = witness
            let text = batcher.text(after: "ab", limit: 5, seed: 1) { next in
                withExtendedLifetime(witness) { next }
            }
            #expect(try await text.reduce("", +).count == 5)
        }
        // The batcher may still be about to let go of it.
        for _ in 0..<1000 where kept != nil { try await Task.sleep(for: .milliseconds(10)) }
        #expect(kept == nil)
        withExtendedLifetime(batcher) {}
    }

    /// On a graphics card too; there the bits are those of the batcher's capacity.
    @Test func aTextDoesNotDependOnItsNeighbours() async throws {
        for device in Device.underTest where !device.sumsAlike {
            let batcher = Batcher(try model(on: device), capacity: 6)
            let expected = try await batcher.text(after: "ab", limit: 40, seed: 1).reduce("", +)
            let texts = try await withThrowingTaskGroup(of: (Int, String).self) { group in
                for index in 0..<9 {
                    group.addTask {
                        let seed = index % 2 == 0 ? 1 : UInt64(index)
                        return (index, try await batcher.text(after: "ab", limit: 40, seed: seed).reduce("", +))
                    }
                }
                return try await group.reduce(into: [Int: String]()) { $0[$1.0] = $1.1 }
            }
            for index in stride(from: 0, to: 9, by: 2) { #expect(texts[index] == expected, "\(device)") }
        }
    }

    @Test func aSamplingOutOfItsRangeStopsWhoAsksForATextByIt() async throws {
        let end = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let model = try Run(cell: .lstm, hiddenSize: 9, text: SmallText.noise(130)).model(on: .cpu)
            _ = Batcher(model, capacity: 1).text(after: "a", limit: 1, by: Sampling(temperature: -3))
        }
        let words = String(decoding: end?.standardErrorContent ?? [], as: UTF8.self)
        #expect(words.contains("temperature -3.0: it must be 0 or above"), "\(words)")
    }
}
