import CharRNN
import Foundation
import TestSupport
import Testing

/// Reading a text character by character.
@Suite struct SessionTests {
    private let text = SmallText.rhythm(40)

    private func model(_ cell: RecurrentCell = .lstm, on device: Device = .cpu) throws -> LanguageModel {
        try Run(cell: cell, hiddenSize: 9, text: text).model(on: device)
    }

    @Test(arguments: RecurrentCell.allCases)
    func readingAtOnceAndOneByOneIsTheSame(_ cell: RecurrentCell) throws {
        for device in Device.underTest {
            let model = try model(cell, on: device)
            var atOnce = try model.makeSession()
            var oneByOne = try model.makeSession()
            try atOnce.feed(text)
            for token in try model.vocabulary.encode(text) { try oneByOne.feed(token) }
            if device.kind == .cpu {
                // One row or many, the sums of the CPU's products have the same order.
                expectSame(atOnce.next.logits, oneByOne.next.logits, "logits on \(device)")
                #expect(try atOnce.state() == oneByOne.state())
            } else {
                let (state, expected) = (try atOnce.state(), try oneByOne.state())
                expectClose(atOnce.next.logits, oneByOne.next.logits.asDoubles, within: 1e-6, "logits on \(device)")
                for (rows, others) in zip(state.hidden + state.memory, expected.hidden + expected.memory) {
                    expectClose(rows, others.asDoubles, within: 1e-6, "state on \(device)")
                }
            }
        }
    }

    @Test func beforeTheFirstCharacterAllAreAlike() throws {
        var session = try model().makeSession()
        #expect(session.next.logits == [Float](repeating: 0, count: 7))
        #expect(try session.state() == session.model.zeroState())
        try session.feed("")
        #expect(session.next.logits == [Float](repeating: 0, count: 7))
    }

    /// Copying takes as long as reading some tokens, so it must not happen at each.
    @Test func memoryIsCopiedOnlyWhereItIsShared() throws {
        var session = try model().makeSession()
        try session.feed("ab")
        let first = session.predictorIdentity
        try session.feed("ab")
        try session.feed(1)
        #expect(session.predictorIdentity == first)
        let copy = session
        try session.feed(1)
        #expect(session.predictorIdentity != first)
        #expect(copy.predictorIdentity == first)

        let stream = session.tokens(using: SplitMix64(seed: 1))
        _ = stream.next()
        let streams = stream.session.predictorIdentity
        for _ in 0..<3 { _ = stream.next() }
        #expect(stream.session.predictorIdentity == streams)
        let text = session.text(limit: 9, using: SplitMix64(seed: 1)) { $0 }
        _ = text.next()
        let texts = text.session.predictorIdentity
        for _ in 0..<3 { _ = text.next() }
        #expect(text.session.predictorIdentity == texts)
    }

    @Test func aCopyGoesItsOwnWay() throws {
        for device in Device.underTest {
            let model = try model(on: device)
            var session = try model.makeSession()
            try session.feed("abc")
            var copy = session
            let before = session.next.logits
            let state = try session.state()
            try copy.feed("dad")
            expectSame(session.next.logits, before, "the original on \(device)")
            #expect(try session.state() == state)
            var direct = try model.makeSession()
            try direct.feed("abcdad")
            expectSame(copy.next.logits, direct.next.logits, "the copy on \(device)")
            // And the original after the copy has moved.
            try session.feed("b.")
            direct = try model.makeSession()
            try direct.feed("abcb.")
            expectSame(session.next.logits, direct.next.logits, "the original moves on \(device)")
        }
    }

    @Test(arguments: RecurrentCell.allCases)
    func aStateCanBeKeptAndPutBack(_ cell: RecurrentCell) throws {
        for device in Device.underTest {
            let model = try model(cell, on: device)
            var session = try model.makeSession()
            try session.feed("abcab ")
            let json = try JSONEncoder().encode(session.state())
            let state = try JSONDecoder().decode(LanguageModel.State.self, from: json)
            let next = session.next.logits
            try session.feed("d")
            let expected = session.next.logits
            try session.feed("ad.\n")
            var other = try model.makeSession()
            for (name, session) in [("another", other), ("the same", session)] {
                var session = session
                try session.setState(state)
                expectSame(session.next.logits, next, "what \(name) session expects on \(device)")
                try session.feed("d")
                expectSame(session.next.logits, expected, "after one more in \(name) session on \(device)")
            }
            try other.feed("a")
            try other.setState(model.zeroState())
            #expect(other.next.logits == [Float](repeating: 0, count: 7), "as if nothing had been fed on \(device)")
        }
    }

    @Test func aStateOfAnotherModelIsAnError() throws {
        var session = try Run(hiddenSize: 4).model().makeSession()
        #expect(throws: StateError.sizes(name: "hidden", found: [5, 5], expected: [4, 4])) {
            try session.setState(Run(hiddenSize: 5).model().zeroState())
        }
    }

    @Test func aStateOfAnotherModelOfEqualSizesIsAnError() throws {
        for device in Device.underTest {
            let run = Run(text: text)
            let model = try run.model(on: device)
            var session = try model.makeSession()
            try session.feed("abc")
            let state = try session.state()
            try session.feed("d")
            let before = session.next.logits
            var other = run
            other.seed = 8
            var foreign = try other.model(on: device).makeSession()
            try foreign.feed("abc")
            #expect(throws: StateError.otherModel) { try session.setState(foreign.state()) }
            expectSame(session.next.logits, before, "it stays as it was")
            // Equal models have equal states, also through a file and on another device.
            for equal in [
                try run.model(), try LanguageModel(copying: model),
                try LanguageModel(Checkpoint(of: model).throughFile(), on: .cpu),
            ] {
                var session = try equal.makeSession()
                #expect(throws: Never.self) { try session.setState(state) }
            }
            // One that a program has made, or an older one has written, is known by its sizes alone.
            #expect(throws: Never.self) { try session.setState(.init(hidden: state.hidden, memory: state.memory)) }
            let old = #"{"hidden":[[0,1,0,0,0],[0,0,0,0,0]],"memory":[[0,1,0,0,0],[0,0,0,0,0]]}"#
            try session.setState(try JSONDecoder().decode(LanguageModel.State.self, from: Data(old.utf8)))
            #expect(session.next.logits != before)
        }
    }

    @Test(arguments: [.nan, -.infinity] as [Float])
    func aStateWithoutNumbersIsAnErrorAndChangesNothing(_ value: Float) throws {
        let model = try model()
        var session = try model.makeSession()
        try session.feed("abc")
        let (before, state) = (session.next.logits, try session.state())
        for (name, path) in [("hidden", \LanguageModel.State.hidden), ("memory", \.memory)] {
            var spoilt = state
            spoilt[keyPath: path][1][3] = value
            #expect(throws: StateError.notFinite(name: name, layer: 1)) { try session.setState(spoilt) }
        }
        // Numbers that are finite, and from which none come.
        var huge = LanguageModel.State(hidden: state.hidden, memory: state.memory)
        huge.hidden[1] = [Float](repeating: 3e38, count: 9)
        try? session.setState(huge)
        if session.next.logits == before { #expect(try session.state() == state) }
        try session.setState(state)
        expectSame(session.next.logits, before)
    }

    @Test func aSessionEndsWhereItsModelIsTrained() throws {
        for device in Device.underTest {
            let run = Run(text: text)
            let trainer = try run.trainer(on: device)
            var session = try trainer.model.makeSession()
            var copy = try LanguageModel(copying: trainer.model).makeSession()
            try session.feed("abc")
            try copy.feed("abc")
            let state = try session.state()
            let group = try session.makeGroup(count: 2)
            try trainer.step()
            #expect(throws: ChangedModelError.session) { try session.feed("a") }
            #expect(throws: ChangedModelError.session) { try session.state() }
            #expect(throws: ChangedModelError.session) { try session.makeGroup(count: 2) }
            #expect(throws: ChangedModelError.session) { try group.feed([0, 0]) }
            #expect(throws: StateError.otherModel) { try session.setState(state) }
            #expect(throws: Never.self) { try copy.feed("d") }
            // From the start it reads with what was learned.
            try session.reset()
            try session.feed("ab")
            var new = try trainer.model.makeSession()
            try new.feed("ab")
            expectSame(session.next.logits, new.next.logits)
            // The zero state is every model's.
            try trainer.step()
            try session.setState(trainer.model.zeroState())
            #expect(throws: Never.self) { try session.feed("a") }
        }
    }

    @Test func wrongNumbersTrapWithWords() async throws {
        func words(_ result: ExitTest.Result?) throws -> String {
            String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        }
        let streams = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = try Run().model().zeroState(batchSize: -1)
        }
        #expect(try words(streams).contains("the state of -1 streams"))
        let tokens = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = try Run().model().logProbabilities(of: [9999])
        }
        #expect(try words(tokens).contains("token 9999 of a vocabulary of"))
        let sizes = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            var configuration = try Run().model().configuration
            configuration.hiddenSize = -3
            _ = try LanguageModel(configuration, on: .cpu, seed: 1)
        }
        #expect(try words(sizes).contains("layers of -3 units"))
        await #expect(processExitsWith: .failure) {
            var configuration = try Run().model().configuration
            configuration.dropout = 1
            _ = configuration.trainingBytes(batchSize: 1, sequenceLength: 1, optimizer: .rmsProp())
        }
    }

    @Test func settingTheStateOfACopyLeavesTheOriginal() throws {
        let model = try model()
        var session = try model.makeSession()
        try session.feed("abc")
        let state = try session.state()
        var copy = session
        try copy.setState(model.zeroState())
        #expect(try session.state() == state)
    }

    @Test func aResetSessionIsANewOne() throws {
        let model = try model()
        var session = try model.makeSession()
        try session.feed("abc")
        try session.reset()
        var fresh = try model.makeSession()
        expectSame(session.next.logits, fresh.next.logits)
        try session.feed("d")
        try fresh.feed("d")
        expectSame(session.next.logits, fresh.next.logits)
    }

    @Test func unknownCharactersLeaveASessionAsItWas() throws {
        var session = try model().makeSession()
        try session.feed("abc")
        let before = session.next.logits
        #expect(throws: VocabularyError.unknownCharacter("X", offset: 2)) { try session.feed("abX") }
        expectSame(session.next.logits, before)
        var skipping = session
        try skipping.feed("aXb", unknown: .skip)
        try session.feed("ab")
        expectSame(skipping.next.logits, session.next.logits)
    }

    @Test func manySessionsOfManyTasksDoNotDisturbOneAnother() async throws {
        for device in Device.underTest {
            let model = try model(on: device)
            @Sendable func read(_ seed: UInt64) throws -> [Float] {
                var session = try model.makeSession()
                var generator = SplitMix64(seed: seed)
                var seen: [Float] = []
                for _ in 0..<25 {
                    try session.feed(Int.random(in: 0..<7, using: &generator))
                    seen += session.next.logits
                }
                return seen
            }
            let alone = try (0..<12).map { try read(UInt64($0)) }
            let together = try await withThrowingTaskGroup(of: (Int, [Float]).self) { group in
                for index in 0..<12 { group.addTask { (index, try read(UInt64(index))) } }
                return try await group.reduce(into: [Int: [Float]]()) { $0[$1.0] = $1.1 }
            }
            for index in 0..<12 { expectSame(together[index] ?? [], alone[index], "session \(index) on \(device)") }
        }
    }
}
