import CharRNN
import Foundation
import TestSupport
import Testing

/// The cache beside a text never changes what is read, whatever happens to it.
@Suite struct TokenCacheTests {
    private func dataset(_ file: URL, _ kind: TokenKind = .scalars) throws -> TextDataset {
        try TextDataset(contentsOf: file, tokens: kind, batchSize: 3, sequenceLength: 5)
    }

    private func cache(of file: URL, _ kind: TokenKind = .scalars) -> URL {
        file.appendingPathExtension("\(kind.rawValue).cache")
    }

    /// Whether two datasets have the same vocabulary and batches.
    private func same(_ a: TextDataset, _ b: TextDataset) throws -> Bool {
        let batches = 0..<a.batches(in: .validation).upperBound
        return try a.vocabulary == b.vocabulary && a.characterCount == b.characterCount
            && batches.allSatisfy {
                try a.batch($0).inputs == b.batch($0).inputs && a.batch($0).targets == b.batch($0).targets
            }
    }

    private func withText(_ text: String, _ body: (URL) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("input.txt")
            try Data(text.utf8).write(to: file)
            try body(file)
        }
    }

    @Test(arguments: TokenKind.allCases)
    func theSecondLoadEqualsTheFirst(_ kind: TokenKind) throws {
        try withText(SmallText.noise(200, alphabet: "aé\n😀—")) { file in
            let first = try dataset(file, kind)
            #expect(FileManager.default.fileExists(atPath: cache(of: file, kind).path))
            #expect(try same(dataset(file, kind), first))
            let files = try FileManager.default.contentsOfDirectory(atPath: file.deletingLastPathComponent().path)
            #expect(files.sorted() == ["input.txt", "input.txt.\(kind.rawValue).cache"], "nothing else is left")
        }
    }

    @Test func everyKindOfTokenHasItsOwnCache() throws {
        let text = SmallText.noise(200, alphabet: "aé\r\n😀—")
        try withText(text) { file in
            for kind in TokenKind.allCases + TokenKind.allCases {
                let inMemory = try TextDataset(text: text, tokens: kind, batchSize: 3, sequenceLength: 5)
                #expect(try same(dataset(file, kind), inMemory))
            }
        }
    }

    @Test func aChangeOfTheTextIsSeenEvenWithTheSameSizeAndTime() throws {
        try withText(SmallText.noise(200)) { file in
            _ = try dataset(file)
            let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
            let changed = String(SmallText.noise(200).dropLast()) + "Z"
            try Data(changed.utf8).write(to: file)
            try FileManager.default.setAttributes(
                [.modificationDate: attributes[.modificationDate]!], ofItemAtPath: file.path)
            let read = try dataset(file)
            #expect(read.vocabulary.contains("Z"))
            #expect(try same(read, try TextDataset(text: changed, batchSize: 3, sequenceLength: 5)))
        }
    }

    @Test func aCacheCutShortAnywhereIsMadeAnew() throws {
        let text = SmallText.noise(100)
        let expected = try TextDataset(text: text, batchSize: 3, sequenceLength: 5)
        try withText(text) { file in
            _ = try dataset(file)
            let whole = try Data(contentsOf: cache(of: file))
            for count in 0..<whole.count {
                try whole.prefix(count).write(to: cache(of: file))
                #expect(try same(dataset(file), expected), "cut to \(count) bytes")
            }
            #expect(try Data(contentsOf: cache(of: file)) == whole)
        }
    }

    @Test func aDamagedCacheIsMadeAnew() throws {
        let text = SmallText.noise(400, alphabet: "abcdefghijklmnopqrstuvwxyzéABC")
        let expected = try TextDataset(text: text, batchSize: 3, sequenceLength: 5)
        var generator = SplitMix64(seed: 4)
        try withText(text) { file in
            _ = try dataset(file)
            let whole = try Data(contentsOf: cache(of: file))
            for _ in 0..<200 {
                var damaged = whole
                let place = Int.random(in: 0..<whole.count, using: &generator)
                damaged[place] ^= UInt8.random(in: 1...255, using: &generator)
                try damaged.write(to: cache(of: file))
                #expect(try same(dataset(file), expected), "byte \(place)")
            }
        }
    }

    @Test func noSingleBitOfACacheCanMislead() throws {
        // Tokens 9, 10, 13 and 32 are white space in JSON, so that a wrong length may leave the vocabulary readable.
        let alphabet = String((0..<40).map { Character(Unicode.Scalar(0x41 + UInt8($0))) })
        for first in [9, 10, 13, 32] {
            let letter = String(alphabet[alphabet.index(alphabet.startIndex, offsetBy: first)])
            let text = String(repeating: letter, count: 5) + SmallText.noise(80, alphabet: alphabet)
            let expected = try TextDataset(text: text, batchSize: 3, sequenceLength: 5)
            try withText(text) { file in
                _ = try dataset(file)
                let whole = try Data(contentsOf: cache(of: file))
                for bit in 0..<8 * 48 {
                    var damaged = whole
                    damaged[bit / 8] ^= 1 << UInt8(bit % 8)
                    try damaged.write(to: cache(of: file))
                    #expect(try same(dataset(file), expected), "bit \(bit % 8) of byte \(bit / 8), token \(first)")
                }
            }
        }
    }

    @Test(arguments: [2, 300, 70_000])
    func aCacheWithTokensThatAreNotThereIsMadeAnew(_ vocabularySize: Int) throws {
        var scalars = String.UnicodeScalarView()
        scalars.append(contentsOf: (0..<UInt32(vocabularySize)).map { Unicode.Scalar(0x10000 + $0)! })
        try withText(String(scalars)) { file in
            let expected = try dataset(file)
            let whole = try Data(contentsOf: cache(of: file))
            let textHash = whole[16..<24].reversed().reduce(0) { $0 << 8 | UInt64($1) }
            for wrong in [UInt8(vocabularySize & 0xFF), 0xFF] {
                // The last token becomes the first that there is not, or one far beyond; the checksum is right.
                var body = whole.dropFirst(32)
                body[body.endIndex - (vocabularySize <= 256 ? 1 : vocabularySize <= 65_536 ? 2 : 4)] = wrong
                let changed = TokenCache.header(textHash: textHash, bodyHash: contentHash(body)) + body
                #expect(TokenCache.contents(of: changed, textHash: textHash, kind: .scalars) == nil)
                try changed.write(to: cache(of: file), options: .atomic)
                #expect(try same(dataset(file), expected))
            }
            #expect(TokenCache.contents(of: whole, textHash: textHash, kind: .scalars) != nil)
        }
    }

    @Test func aCacheThatCannotBeWrittenIsDoneWithout() throws {
        let text = SmallText.noise(100)
        try withText(text) { file in
            // A folder stands in its place, which even root cannot replace by a file.
            try FileManager.default.createDirectory(at: cache(of: file), withIntermediateDirectories: false)
            let expected = try TextDataset(text: text, batchSize: 3, sequenceLength: 5)
            #expect(try same(dataset(file), expected))
            let files = try FileManager.default.contentsOfDirectory(atPath: file.deletingLastPathComponent().path)
            #expect(files.count == 2, "no temporary file is left: \(files)")
        }
    }

    @Test func aReadOnlyFolderWorks() throws {
        let text = SmallText.noise(100)
        try withText(text) { file in
            let folder = file.deletingLastPathComponent()
            try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: folder.path)
            let expected = try TextDataset(text: text, batchSize: 3, sequenceLength: 5)
            #expect(try same(asOrdinaryUser { try dataset(file) }, expected))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["input.txt"])
        }
    }
}
