import CharRNN
import Foundation
import TestSupport
import Testing

/// The compact form of states, and sessions that go on from them.
@Suite struct StateBytesTests {
    private func session(_ cell: RecurrentCell = .lstm) throws -> Session {
        var session = try Run(cell: cell, hiddenSize: 9, text: SmallText.rhythm(40)).model().makeSession()
        try session.feed("abcab ")
        return session
    }

    @Test(arguments: RecurrentCell.allCases)
    func aStateComesBackFromItsBytes(_ cell: RecurrentCell) throws {
        let session = try session(cell)
        let state = try session.state()
        let bytes = state.bytes
        #expect(bytes.count == 32 + 4 * 9 * 2 * (cell.carriesMemory ? 2 : 1))
        let read = try LanguageModel.State(bytes: Data(bytes))
        let fingerprint = try session.model.fingerprint()
        #expect(read == state && read.modelFingerprint == fingerprint)
        var (resumed, expected) = (try session.model.makeSession(at: read), session)
        expectSame(resumed.next.logits, expected.next.logits)
        try resumed.feed("d")
        try expected.feed("d")
        expectSame(resumed.next.logits, expected.next.logits)
        #expect(try resumed.state() != state)
        // Of no model: before anything was read, and made by a program.
        for state in [session.model.zeroState(), .init(hidden: state.hidden, memory: state.memory)] {
            #expect(try LanguageModel.State(bytes: state.bytes) == state)
        }
        #expect(try LanguageModel.State(bytes: session.model.zeroState(batchSize: 3).bytes).hidden[0].count == 27)
    }

    @Test func theUsualModelHasTwoKilobytes() throws {
        let model = try LanguageModel(
            .init(vocabulary: Vocabulary(of: "ab"), hiddenSize: 128, layerCount: 2), on: .cpu, seed: 1)
        #expect(model.zeroState().bytes.count == 2048 + 32)
    }

    /// The layout that the article gives, written by hand. The checksum is that of Python's xxhash:
    /// `xxhash.xxh64_intdigest(bytes[:20] + bytes[24:]) & 0xFFFFFFFF`.
    @Test func theLayoutIsTheOneOfTheArticle() throws {
        let hex =
            "43524e4e73746174" + "0100" + "0200" + "01000000" + "02000000" + checksum + "0000000000000000"
            + "0000803f" + "000000c0" + "0000003f" + "00000000"
        let bytes = stride(from: 0, to: hex.count, by: 2).map { index in
            UInt8(hex.dropFirst(index).prefix(2), radix: 16)!
        }
        let state = LanguageModel.State(hidden: [[1, -2]], memory: [[0.5, 0]])
        #expect(state.bytes == bytes)
        #expect(try LanguageModel.State(bytes: bytes) == state)
    }

    private let checksum = "3f576fd4"

    @Test func otherBytesAreErrorsThatSayWhat() throws {
        let state = try session().state()
        let bytes = state.bytes
        #expect(throws: StateError.noState) { try LanguageModel.State(bytes: []) }
        #expect(throws: StateError.noState) { try LanguageModel.State(bytes: Data("{\"hidden\": []}".utf8)) }
        for count in 0..<bytes.count {
            let error = #expect(throws: StateError.self) { try LanguageModel.State(bytes: bytes.prefix(count)) }
            let expected: StateError =
                count < 8 ? .noState : .length(found: count, expected: count < 32 ? nil : bytes.count)
            #expect(error == expected)
        }
        #expect(throws: StateError.length(found: bytes.count + 1, expected: bytes.count)) {
            try LanguageModel.State(bytes: bytes + [0])
        }
        var newer = bytes
        newer[8] = 2
        #expect(throws: StateError.version(found: 2, readable: 1)) { try LanguageModel.State(bytes: newer) }
        for index in bytes.indices {
            for bit in 0..<8 {
                var damaged = bytes
                damaged[index] ^= 1 << bit
                #expect(throws: StateError.self, "bit \(bit) of byte \(index)") {
                    try LanguageModel.State(bytes: damaged)
                }
            }
        }
        // Sizes that no memory holds.
        var huge = bytes
        huge.replaceSubrange(12..<20, with: repeatElement(255, count: 8))
        #expect(throws: StateError.damaged) { try LanguageModel.State(bytes: huge) }
        for error: StateError in [
            .noState, .version(found: 2, readable: 1), .length(found: 9, expected: nil), .damaged,
        ] {
            #expect("\(error)".hasPrefix("the") && error.localizedDescription == "\(error)")
        }
    }

    @Test func aStateOfAnotherModelMakesNoSession() throws {
        let state = try session().state()
        var run = Run(hiddenSize: 9, text: SmallText.rhythm(40))
        run.seed = 8
        let other = try run.model()
        #expect(try other.fingerprint() != state.modelFingerprint)
        #expect(throws: StateError.otherModel) { try other.makeSession(at: state) }
        #expect(throws: StateError.sizes(name: "hidden", found: [9, 9], expected: [5, 5])) {
            try Run().model().makeSession(at: state)
        }
        // Where nothing was read it is every model's.
        #expect(throws: Never.self) { try other.makeSession(at: session().model.zeroState()) }
    }
}
