import CharRNN
import Foundation
import TestSupport
import Testing

/// Bytes that are no UTF-8, and what each kind of token makes of a file.
@Suite struct InvalidTextTests {
    struct Example: CustomTestStringConvertible {
        let name: String
        let bytes: [UInt8]
        let offset: Int
        var testDescription: String { name }
    }

    private static let examples = [
        Example(name: "a lone continuation", bytes: [0x61, 0x80], offset: 1),
        Example(name: "a lead without continuation", bytes: [0x61, 0xC3, 0x61], offset: 1),
        Example(name: "two bytes cut short", bytes: [0x61, 0x62, 0xC3], offset: 2),
        Example(name: "three bytes cut short", bytes: [0xE2, 0x82], offset: 0),
        Example(name: "four bytes cut short", bytes: [0x61, 0xF0, 0x9F, 0x98], offset: 1),
        Example(name: "an overlong slash of two bytes", bytes: [0xC0, 0xAF], offset: 0),
        Example(name: "an overlong C1", bytes: [0xC1, 0xBF], offset: 0),
        Example(name: "an overlong slash of three bytes", bytes: [0xE0, 0x80, 0xAF], offset: 0),
        Example(name: "an overlong slash of four bytes", bytes: [0xF0, 0x80, 0x80, 0xAF], offset: 0),
        Example(name: "the first surrogate", bytes: [0xC3, 0xA9, 0xED, 0xA0, 0x80], offset: 2),
        Example(name: "the last surrogate", bytes: [0xED, 0xBF, 0xBF], offset: 0),
        Example(name: "beyond U+10FFFF", bytes: [0xF4, 0x90, 0x80, 0x80], offset: 0),
        Example(name: "a lead of five bytes", bytes: [0xF8, 0x88, 0x80, 0x80, 0x80], offset: 0),
        Example(name: "byte FF", bytes: [0x61, 0x61, 0x61, 0xFF], offset: 3),
        Example(name: "Latin-1 after valid text", bytes: Array("né ".utf8) + [0xE9, 0x20], offset: 4),
    ]

    private func load(_ bytes: [UInt8], _ kind: TokenKind) throws -> (TextDataset, file: String) {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("text")
            try Data(bytes).write(to: file)
            let dataset = try TextDataset(
                contentsOf: file, tokens: kind, batchSize: 1, sequenceLength: 1, trainingFraction: 1,
                validationFraction: 0)
            return (dataset, file.path)
        }
    }

    @Test(arguments: examples, [TokenKind.scalars, .characters])
    func invalidUTF8IsAnErrorThatNamesItsPlace(_ example: Example, kind: TokenKind) throws {
        let error = #expect(throws: TextError.self) { try load(example.bytes, kind) }
        guard case .notUTF8(let file, let offset, let byte) = try #require(error) else {
            Issue.record("another error: \(error!)")
            return
        }
        #expect(offset == example.offset)
        #expect(byte == example.bytes[example.offset])
        #expect(file.hasSuffix("/text"))
    }

    @Test func theMessageSuggestsBytes() {
        #expect(
            TextError.notUTF8(file: "a.txt", offset: 7, byte: 0xE9).description
                == "a.txt is not UTF-8: byte 0xe9 at offset 7; convert it; or read it as bytes")
    }

    @Test(arguments: examples)
    func bytesTakeAnyFile(_ example: Example) throws {
        let dataset = try load(example.bytes, .bytes).0
        #expect(dataset.characterCount == example.bytes.count)
        let numbers = try dataset.batches(in: .training).flatMap { try dataset.batch($0).inputs }
        #expect(numbers.flatMap { dataset.vocabulary.bytes(of: Int($0)) } == example.bytes)
    }

    @Test func allBytesCanOccurTogether() throws {
        // char-rnn's numbers of one byte, counted from 1, had no room for the 256th.
        let bytes = (0...255).map { UInt8($0) } + (0...255).map { UInt8(255 - $0) }
        let dataset = try load(bytes, .bytes).0
        #expect(dataset.vocabulary.count == 256)
        let numbers = try dataset.batches(in: .training).flatMap { try dataset.batch($0).inputs }
        #expect(numbers == bytes.map { Int32($0) })
    }

    @Test(arguments: [255, 256, 257, 65_536, 65_537])
    func vocabulariesOfEverySizeKeepTheirNumbers(_ size: Int) throws {
        // Numbers are stored in one, two or four bytes.
        let scalars = (0x10000..<0x10000 + UInt32(size)).map { Unicode.Scalar($0)! }
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        let dataset = try TextDataset(
            text: String(text), batchSize: 1, sequenceLength: size, trainingFraction: 1, validationFraction: 0)
        #expect(dataset.vocabulary.count == size)
        #expect(try dataset.batch(0).inputs == (0..<size).map { Int32($0) })
    }

    @Test func validTextIsReadAsItIs() throws {
        let text = "\u{FEFF}a\r\n\u{0}é\u{D7FF}\u{E000}\u{FFFF}\u{10000}\u{10FFFF}"
        let scalars = try load(Array(text.utf8), .scalars).0
        #expect(scalars.characterCount == text.unicodeScalars.count, "nothing is normalised, CR and the BOM stay")
        let characters = try load(Array(text.utf8), .characters).0
        #expect(characters.characterCount == text.count, "CR LF is one character")
        #expect(characters.vocabulary.contains("\r\n"))
    }
}
