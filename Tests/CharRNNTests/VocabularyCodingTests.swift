import CharRNN
import Foundation
import Testing

/// Vocabularies in files.
@Suite struct VocabularyCodingTests {
    private func decode(_ json: String) throws -> Vocabulary {
        try JSONDecoder().decode(Vocabulary.self, from: Data(json.utf8))
    }

    @Test(arguments: TokenKind.allCases)
    func aVocabularyComesBackFromJSON(_ kind: TokenKind) throws {
        let vocabulary = Vocabulary(of: "Ünï\u{0}\"\\/—👩‍🚀\r\ne\u{301}\u{E9}", kind: kind)
        let json = try JSONEncoder().encode(vocabulary)
        let copy = try JSONDecoder().decode(Vocabulary.self, from: json)
        #expect(copy == vocabulary)
        #expect((0..<copy.count).map { copy.bytes(of: $0) } == (0..<copy.count).map { vocabulary.bytes(of: $0) })
    }

    @Test func theFormIsTheOneThatIsDocumented() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        func json(_ vocabulary: Vocabulary) throws -> String {
            String(decoding: try encoder.encode(vocabulary), as: UTF8.self)
        }
        #expect(try json(Vocabulary(of: "ba")) == #"{"kind":"scalars","tokens":["a","b"]}"#)
        #expect(try json(Vocabulary(of: "ba", kind: .bytes)) == #"{"kind":"bytes","tokens":[97,98]}"#)
    }

    @Test(arguments: [
        #"{"kind":"scalars","tokens":["b","a"]}"#, #"{"kind":"scalars","tokens":["a","a"]}"#,
        #"{"kind":"bytes","tokens":[2,1]}"#, #"{"kind":"bytes","tokens":[1,1]}"#, #"{"kind":"bytes","tokens":[256]}"#,
        #"{"kind":"bytes","tokens":[-1]}"#, #"{"kind":"bytes","tokens":["a"]}"#, #"{"kind":"scalars","tokens":[1]}"#,
        #"{"kind":"words","tokens":["a"]}"#, #"{"kind":"scalars"}"#, #"{"tokens":["a"]}"#, "[]", "{}", "",
    ])
    func whatCannotBeAVocabularyIsRefused(_ json: String) {
        #expect(throws: DecodingError.self) { try decode(json) }
    }

    @Test(arguments: [#"{"kind":"scalars","tokens":["","a"]}"#, #"{"kind":"scalars","tokens":["a","bc"]}"#])
    func tokensThatTheKindCannotHaveAreRefused(_ json: String) {
        #expect(throws: DecodingError.self) { try decode(json) }
    }
}
