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
            expectSame(atOnce.next.logits, oneByOne.next.logits, "logits on \(device)")
            #expect(try atOnce.state() == oneByOne.state())
        }
    }

    @Test func beforeTheFirstCharacterAllAreAlike() throws {
        var session = try model().makeSession()
        #expect(session.next.logits == [Float](repeating: 0, count: 7))
        #expect(try session.state() == session.model.zeroState())
        try session.feed("")
        #expect(session.next.logits == [Float](repeating: 0, count: 7))
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
        let error = #expect(throws: StateError.self) { try session.setState(Run(hiddenSize: 5).model().zeroState()) }
        #expect(error?.name == "hidden" && error?.found == [5, 5] && error?.expected == [4, 4])
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
