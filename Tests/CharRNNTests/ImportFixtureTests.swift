import CharRNN
import Foundation
import TestSupport
import Testing

/// Files that the original programs wrote, against what these programs computed, where a checkout has them beside it.
@Suite(.enabled(if: OriginalFile.exist, "there are no ../shared/fixtures")) struct ImportFixtureTests {
    /// Each token after each character, as a stream of its own that has this token for a target.
    @Test(arguments: OriginalFile.all)
    func theWeightsGiveTheOriginalsProbabilities(_ file: OriginalFile) throws {
        let expected = try file.expected()
        let model = try LanguageModel(contentsOf: file.url, on: .cpu)
        let v = model.vocabulary.count
        var network = try ReferenceNetwork(model, batchSize: v)
        let losses = network.read(
            try expected.tokens(model).flatMap { [Int32](repeating: Int32($0), count: v) },
            targets: expected.primer.utf8.flatMap { _ in (0..<Int32(v)) })
        let numbers = try expected.numbers(model)
        let worst = expected.logProbsAfterEachChar.enumerated().flatMap { step, row in
            zip(numbers, row).map { abs(-losses[step * v + $0] - $1) }
        }.max()!
        #expect(worst <= file.bound)
    }

    @Test(arguments: OriginalFile.all)
    func devicesGiveTheOriginalsProbabilities(_ file: OriginalFile) throws {
        let expected = try file.expected()
        for device in Device.underTest {
            let model = try LanguageModel(contentsOf: file.url, on: device)
            let numbers = try expected.numbers(model)
            var session = try model.makeSession()
            for (token, row) in zip(try expected.tokens(model), expected.logProbsAfterEachChar) {
                try session.feed(token)
                let actual = numbers.map { Float(session.next.logProbability(of: $0)) }
                // In single precision also for double files: the logit of a token with ln p = -17 is good to 1e-6
                // by itself. The worst seen is 3e-6.
                expectClose(actual, row, within: 5e-6, "on \(device)")
            }
        }
    }

    @Test(arguments: OriginalFile.all)
    func theLikeliestTextIsTheOriginals(_ file: OriginalFile) throws {
        let expected = try file.expected()
        for device in Device.underTest {
            var session = try LanguageModel(contentsOf: file.url, on: device).makeSession()
            try session.feed(expected.primer)
            var text = ""
            for _ in 0..<60 {
                let token = session.next.greedy
                text += session.vocabulary[token]
                try session.feed(token)
            }
            #expect(text == expected.greedyContinuation60, "on \(device)")
        }
    }

    @Test(arguments: OriginalFile.all)
    func scoringGivesEachCharacterAfterThoseBeforeIt(_ file: OriginalFile) throws {
        let expected = try file.expected()
        let numbers = Dictionary(uniqueKeysWithValues: zip(expected.vocabBytesByIndex.map { $0[0] }, 0...))
        let values = zip(expected.primer.utf8.dropFirst(), expected.logProbsAfterEachChar).map { $1[numbers[$0]!] }
        for device in Device.underTest {
            let actual = try LanguageModel(contentsOf: file.url, on: device).logProbabilities(of: expected.primer)
            try #require(actual.count == values.count)
            let worst = zip(actual, values).map { abs($0 - $1) }.max()!
            // In single precision; without fused multiply-adds the worst seen is 1.4e-6.
            #expect(worst <= max(file.bound, 5e-6), "on \(device)")
        }
    }

    @Test(arguments: OriginalFile.all)
    func theRunIsRemembered(_ file: OriginalFile) throws {
        let checkpoint = try Checkpoint(contentsOf: file.url)
        #expect(checkpoint.options["i"] == "300")
        #expect(checkpoint.options["rnn_size"] == "16")
        #expect(checkpoint.configuration.dropout == (file.name.hasSuffix("drop") ? 0.25 : 0))
        #expect(checkpoint.configuration.vocabulary.kind == (file.isFloat64 ? .bytes : .scalars))
    }
}

/// A file of the originals, with what they compute from it.
struct OriginalFile: CustomTestStringConvertible {
    let name: String

    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("shared/fixtures")
    static let all = [
        "charrnn_gru16x2drop", "charrnn_lstm16x2", "charrnn_rnn16x1", "torchrnn_lstm16x2", "torchrnn_rnn16x1",
    ].map(OriginalFile.init)
    static let exist = FileManager.default.fileExists(atPath: all[0].url.path)

    var testDescription: String { name }
    var url: URL { Self.folder.appendingPathComponent("\(name).t7") }
    /// char-rnn computes in double precision, torch-rnn in single.
    var isFloat64: Bool { name.hasPrefix("charrnn") }
    var bound: Double { isFloat64 ? 1e-6 : 1e-5 }

    struct Expected: Decodable {
        let primer: String
        let logProbsAfterEachChar: [[Double]]
        let vocabBytesByIndex: [[UInt8]]
        let greedyContinuation60: String

        enum CodingKeys: String, CodingKey {
            case primer
            case logProbsAfterEachChar = "log_probs_after_each_char"
            case vocabBytesByIndex = "vocab_bytes_by_index"
            case greedyContinuation60 = "greedy_continuation_60"
        }

        /// Our number of each of the original's tokens.
        func numbers(_ model: LanguageModel) throws -> [Int] {
            try vocabBytesByIndex.map { try model.vocabulary.encode(String(decoding: $0, as: UTF8.self))[0] }
        }

        func tokens(_ model: LanguageModel) throws -> [Int] { try model.vocabulary.encode(primer) }
    }

    func expected() throws -> Expected {
        try JSONDecoder().decode(
            Expected.self, from: Data(contentsOf: Self.folder.appendingPathComponent("\(name).json")))
    }
}
