import CharRNN
import Foundation
import TestSupport
import Testing

/// ONNX files. That other programs compute the same from them is seen by `Tests/Reference/onnx_check.py`.
@Suite struct ONNXTests {
    private static let reference = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Reference")

    private func onnx(_ checkpoint: Checkpoint) throws -> Data {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("model.onnx")
            try checkpoint.writeONNX(to: file)
            return try Data(contentsOf: file)
        }
    }

    /// The metadata, field 14 of a model: read by the rules of the format, apart from the code under test.
    private func metadata(_ file: Data) throws -> [String: String] {
        let entries = try fields(file)[14, default: []].map { entry in
            let fields = try fields(entry)
            return try [1, 2].map { String(decoding: try #require(fields[$0]?.first), as: UTF8.self) }
        }
        return Dictionary(uniqueKeysWithValues: entries.map { ($0[0], $0[1]) })
    }

    /// The fields of a message that have bytes.
    private func fields(_ message: Data) throws -> [Int: [Data]] {
        var rest = message[...]
        func varint() throws -> Int {
            var (value, shift) = (0, 0)
            while true {
                let next = rest.popFirst()
                let byte = try #require(next)
                value |= Int(byte & 0x7F) << shift
                shift += 7
                if byte < 0x80 { return value }
            }
        }
        var fields: [Int: [Data]] = [:]
        while !rest.isEmpty {
            let key = try varint()
            let value = try varint()
            guard key & 7 == 2 else { continue }
            fields[key >> 3, default: []].append(Data(rest.prefix(value)))
            rest = rest.dropFirst(value)
        }
        return fields
    }

    /// To the byte the files with which onnx_check.py was run.
    @Test(arguments: RecurrentCell.allCases)
    func theFilesAreThoseThatOtherProgramsComputedWith(_ cell: RecurrentCell) throws {
        let weights = Self.reference.appendingPathComponent("\(cell.rawValue).safetensors")
        let known = try Data(contentsOf: Self.reference.appendingPathComponent("\(cell.rawValue).onnx"))
        #expect(try onnx(Checkpoint(contentsOf: weights)) == known, "run onnx_check.py, then replace the file")
    }

    @Test func metadataSayWhatTheTokensAre() throws {
        for (kind, list) in [
            (TokenKind.scalars, "[\"\\n\",\"a\",\"\u{E9}\",\"\u{301}\"]"), (.bytes, "[10,97,129,169,195,204]"),
            (.characters, "[\"\\n\",\"a\u{301}\",\"\u{E9}\"]"),
        ] {
            let vocabulary = Vocabulary(of: "a\u{301}\u{E9}\n", kind: kind)
            let configuration = LanguageModel.Configuration(cell: .rnn, vocabulary: vocabulary, hiddenSize: 1)
            let model = try LanguageModel(configuration, on: .cpu, seed: 1)
            let metadata = try metadata(onnx(Checkpoint(of: model)))
            #expect(metadata["token_kind"] == kind.rawValue)
            #expect(metadata["vocabulary"] == list)
            let text = try #require(metadata["configuration"])
            #expect(
                try JSONDecoder().decode(LanguageModel.Configuration.self, from: Data(text.utf8)) == configuration)
        }
    }

    @Test func aRunStaysBehind() throws {
        let trainer = try Run().trainer()
        _ = try trainer.step()
        #expect(try onnx(Checkpoint(of: trainer)) == onnx(Checkpoint(of: trainer.model)))
    }

    @Test func whatCannotBeWrittenIsSaid() throws {
        let checkpoint = try Checkpoint(of: Run().model())
        try withTemporaryFolder { folder in
            let error = #expect(throws: FileError.self) {
                try checkpoint.writeONNX(to: folder.appendingPathComponent("missing/model.onnx"))
            }
            #expect(error?.reason == "No such file or directory")
        }
    }
}
