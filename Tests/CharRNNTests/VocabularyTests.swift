import CharRNN
import Foundation
import Testing

@Suite struct VocabularyTests {
    private func tokens(_ vocabulary: Vocabulary) -> [String] { (0..<vocabulary.count).map { vocabulary[$0] } }

    @Test func tokensAreNumberedInTheOrderOfTheirBytes() throws {
        let vocabulary = Vocabulary(of: "bca\nab")
        #expect(tokens(vocabulary) == ["\n", "a", "b", "c"])
        #expect(try vocabulary.encode("cab") == [3, 1, 2])
        #expect(vocabulary.decode([3, 1, 2]) == "cab")
        // U+FF5E sorts before U+1F600 by scalars and by UTF-8, but after it by UTF-16.
        #expect(tokens(Vocabulary(of: "😀～éz")) == ["z", "é", "～", "😀"])
    }

    @Test func aScalarIsATokenUnlessSomethingElseIsAskedFor() throws {
        let text = "e\u{301}\r\n👩‍🚀"
        #expect(Vocabulary(of: text).kind == .scalars)
        #expect(
            try Vocabulary(of: text).encode(text).count == 7, "e, accent, CR, LF, woman, joiner, rocket")
        #expect(try Vocabulary(of: text, kind: .bytes).encode(text).count == text.utf8.count)
        let characters = Vocabulary(of: text, kind: .characters)
        #expect(try characters.encode(text).count == 3)
        #expect(characters.contains("\r\n") && !characters.contains("\n"))
    }

    @Test func charactersThatLookAlikeStayApart() throws {
        // Swift holds "é" and "e" + accent equal; a text must come back as it was written.
        let text = "\u{E9}e\u{301}"
        let vocabulary = Vocabulary(of: text, kind: .characters)
        #expect(vocabulary.count == 2)
        #expect(Array(vocabulary.decode(try vocabulary.encode(text)).utf8) == Array(text.utf8))
    }

    @Test(arguments: TokenKind.allCases)
    func encodingAndDecodingReturnTheText(_ kind: TokenKind) throws {
        let text = "Ünïcödé — 👩‍🚀\r\n\t\u{0}e\u{301} ﬁn\u{10FFFF}"
        let vocabulary = Vocabulary(of: text, kind: kind)
        let numbers = try vocabulary.encode(text)
        #expect(Set(numbers) == Set(0..<vocabulary.count))
        #expect(Array(vocabulary.decode(numbers).utf8) == Array(text.utf8))
        #expect(numbers.flatMap { vocabulary.bytes(of: $0) } == Array(text.utf8))
    }

    @Test func anUnknownCharacterIsAnErrorThatNamesIt() {
        let vocabulary = Vocabulary(of: "abc")
        #expect(throws: VocabularyError.unknownCharacter("x", offset: 2)) { try vocabulary.encode("abxbx") }
        #expect(
            VocabularyError.unknownCharacter("\n", offset: 2).description
                == "the model does not know the character '\\n' at position 2")
    }

    @Test func unknownCharactersAreSkippedOrReplacedOnRequest() throws {
        let vocabulary = Vocabulary(of: "abc")
        #expect(try vocabulary.encode("xaxbx", unknown: .skip) == [0, 1])
        #expect(try vocabulary.encode("xaxb", unknown: .replace(2)) == [2, 0, 2, 1])
        #expect(try vocabulary.encode("", unknown: .error) == [])
        #expect(try vocabulary.encode("xyz", unknown: .skip) == [])
    }

    @Test func theOffsetOfAnUnknownCharacterCountsTokens() {
        let characters = Vocabulary(of: "👩‍🚀a", kind: .characters)
        #expect(throws: VocabularyError.unknownCharacter("b", offset: 2)) { try characters.encode("a👩‍🚀b") }
        let bytes = Vocabulary(of: "éa", kind: .bytes)
        #expect(throws: VocabularyError.unknownCharacter("b", offset: 3)) { try bytes.encode("aéb") }
    }

    @Test func bytesNeedNotBeText() throws {
        let bytes: [UInt8] = [0xFF, 0x61, 0x00, 0xC3, 0x61]
        let vocabulary = Vocabulary(of: bytes)
        #expect(vocabulary.kind == .bytes && vocabulary.count == 4)
        #expect(try vocabulary.encode(bytes: bytes) == [3, 1, 0, 2, 1])
        #expect(vocabulary.number(of: [0xC3]) == 2 && vocabulary.number(of: [0xC4]) == nil)
        #expect(Vocabulary(of: "aé".utf8) == Vocabulary(of: "aé", kind: .bytes))
        #expect(throws: VocabularyError.unknownByte(0xFE, offset: 1)) { try vocabulary.encode(bytes: [0x61, 0xFE]) }
        #expect(
            VocabularyError.unknownByte(0xFE, offset: 1).description
                == "the model does not know the byte 254 at position 1")
        #expect(try vocabulary.encode(bytes: [0xFE, 0x61], unknown: .skip) == [1])
        // A character is known with all its bytes or not at all: 0xC3 is, 0xA9 is not.
        #expect(throws: VocabularyError.unknownCharacter("é", offset: 1)) { try vocabulary.encode("aé") }
        #expect(try vocabulary.encode("aéa", unknown: .skip) == [1, 1])
        #expect(try vocabulary.encode("aéa", unknown: .replace(0)) == [1, 0, 1])
    }

    @Test func bytesForOtherTokensAreUTF8() throws {
        let vocabulary = Vocabulary(of: "aé")
        #expect(try vocabulary.encode(bytes: Array("éa".utf8)) == [1, 0])
        #expect(throws: VocabularyError.notUTF8) { try vocabulary.encode(bytes: [0x61, 0xFF]) }
    }

    @Test(arguments: TokenKind.allCases)
    func thatOfAFileIsThatOfItsText(_ kind: TokenKind) throws {
        let text = String(repeating: "été \r\n👩‍🚀 abc", count: 200_000)
        var told: [Double] = []
        let vocabulary = try Vocabulary(bytes: Data(text.utf8), kind: kind) { told.append($0) }
        #expect(vocabulary == Vocabulary(of: text, kind: kind))
        #expect(told == told.sorted() && told.last == 1)
        let noText = Data([0x61, 0xFF])
        if kind == .bytes {
            #expect(try Vocabulary(bytes: noText, kind: kind).count == 2)
        } else {
            #expect(throws: TextError.notUTF8(file: "the text", offset: 1, byte: 0xFF)) {
                try Vocabulary(bytes: noText, kind: kind)
            }
        }
    }

    @Test(arguments: TokenKind.allCases)
    func howFarItIsIsToldWhileALongTextIsEncoded(_ kind: TokenKind) throws {
        let text = String(repeating: "é", count: 200_000)
        var told: [Double] = []
        _ = try Vocabulary(of: text, kind: kind).encode(bytes: text.utf8) { told.append($0) }
        #expect(told.count == 6 && told == told.sorted() && told.allSatisfy { 0 < $0 && $0 <= 1 }, "\(told)")
    }

    @Test func aDifferenceIsToldInWords() {
        let first = Vocabulary(of: "abc\n")
        #expect(first.difference(to: Vocabulary(of: "cb\na")) == nil)
        #expect(first.difference(to: Vocabulary(of: "abc\nxé")) == "the other has 'x' 'é' besides")
        #expect(first.difference(to: Vocabulary(of: "ab")) == "the other lacks '\\n' 'c'")
        #expect(first.difference(to: Vocabulary(of: "abd\n")) == "the other has 'd' besides, and lacks 'c'")
        #expect(
            first.difference(to: Vocabulary(of: "abc\n", kind: .bytes)) == "one counts scalars, the other bytes")
        let many = first.difference(to: Vocabulary(of: "abc\n0123456789xyz"))
        #expect(many == "the other has '0' '1' '2' '3' '4' '5' '6' '7' '8' '9' and 3 more besides")
    }

    @Test func messagesShowInvisibleTokensByName() {
        let expected = [
            "a": "'a'", " ": "' '", "\n": "'\\n'", "\t": "'\\t'", "\r": "'\\r'", "\u{A0}": "'\\u{00A0}'",
            "\u{0}": "'\\0'", "\u{7F}": "'\\u{7F}'", "\u{1B}": "'\\u{1B}'", "\u{2028}": "'\\u{2028}'", "é": "'é'",
            "\u{301}": "'\\u{0301}'", "\u{20DD}": "'\\u{20DD}'", "\u{202E}": "'\\u{202E}'", "\u{E000}": "'\\u{E000}'",
            "\u{10FFFD}": "'\\u{0010FFFD}'",
        ]
        for (text, name) in expected { #expect(Vocabulary(of: text).quoted(0) == name) }
        #expect(Vocabulary(of: "\r\n", kind: .characters).quoted(0) == "'\\r\\n'")
        #expect(Vocabulary(of: "é", kind: .bytes).quoted(0) == "byte 169")
        #expect(Vocabulary(of: "a", kind: .bytes).quoted(0) == "'a'")
    }
}
