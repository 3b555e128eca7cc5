import CharRNN
import CharRNNFiles
import Foundation
import TestSupport
import Testing

/// A large text whose tokens are one byte each is read where it lies.
@Suite struct TextInPlaceTests {
    /// As large as a text must be here.
    private static let size = 500
    private static let ascii = SmallText.noise(size, alphabet: "abc \nXYZ")

    private func dataset(_ urls: [URL], _ kind: TokenKind = .scalars, from size: Int = size) throws -> TextDataset {
        try TextSource.$sizeInPlace.withValue(size) {
            try TextDataset(contentsOf: urls, tokens: kind, batchSize: 3, sequenceLength: 5)
        }
    }

    private func withText(_ text: Data, _ body: (URL) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("input.txt")
            try Self.write(text, to: file)
            try body(file)
        }
    }

    private func cache(of file: URL, _ kind: TokenKind = .scalars) throws -> Data {
        try Data(contentsOf: file.appendingPathExtension("\(kind.rawValue).cache"))
    }

    private func batches(_ dataset: TextDataset) throws -> [[Int32]] {
        try (0..<dataset.batches(in: .validation).upperBound).flatMap {
            let batch = try dataset.batch($0)
            return [batch.inputs, batch.targets]
        }
    }

    private func expectSame(
        _ dataset: TextDataset, _ expected: TextDataset, at place: SourceLocation = #_sourceLocation
    ) throws {
        #expect(dataset.vocabulary == expected.vocabulary, sourceLocation: place)
        #expect(dataset.characterCount == expected.characterCount, sourceLocation: place)
        #expect(try batches(dataset) == batches(expected), sourceLocation: place)
    }

    @Test(arguments: TokenKind.allCases)
    func itsTokensAreThoseOfACopy(_ kind: TokenKind) throws {
        let text =
            kind == .bytes
            ? Data((0..<Self.size).map { UInt8(truncatingIfNeeded: $0 * $0 / 7) }) : Data(Self.ascii.utf8)
        let expected = try TextDataset(bytes: text, tokens: kind, batchSize: 3, sequenceLength: 5)
        var wider = expected.vocabulary
        if kind != .bytes { wider = try wider.union(Vocabulary(of: "AéZ", kind: kind)) }
        try withText(text) { file in
            // The second time from the cache.
            for _ in 0..<2 {
                var progress: [Double] = []
                let found = try TextSource.$sizeInPlace.withValue(Self.size) {
                    try TextDataset(contentsOf: file, tokens: kind, batchSize: 3, sequenceLength: 5) {
                        progress.append($0)
                    }
                }
                #expect(progress.last == 1 && progress == progress.sorted())
                try expectSame(found, expected)
                try expectSame(found.numbered(by: wider), expected.numbered(by: wider))
                let (documents, others) = try (
                    DocumentBatches(found, separator: found.vocabulary[1], batchSize: 2, sequenceLength: 4),
                    DocumentBatches(expected, separator: found.vocabulary[1], batchSize: 2, sequenceLength: 4)
                )
                #expect(try documents.batch(3, epoch: 0).inputs == others.batch(3, epoch: 0).inputs)
                if kind != .bytes {
                    let (some, same) = try (
                        found.withUnknownToken(minimumFrequency: 60), expected.withUnknownToken(minimumFrequency: 60)
                    )
                    #expect(some.vocabulary.count < found.vocabulary.count)
                    try expectSame(some, same)
                    try expectSame(
                        some.withUnknownToken(minimumFrequency: 70), same.withUnknownToken(minimumFrequency: 70))
                }
                let size = try cache(of: file, kind).count
                #expect(size < 40 + 7 * (kind == .bytes ? 256 : 12) + 40, "no token is in the cache of \(size) bytes")
            }
        }
    }

    @Test func othersAreCopied() throws {
        try withText(Data(Self.ascii.utf8)) { file in
            let second = file.deletingLastPathComponent().appendingPathComponent("second.txt")
            try Data(Self.ascii.utf8).write(to: second)
            _ = try dataset([file], from: Self.size + 1)
            #expect(try cache(of: file).count > Self.size, "a smaller one")
            _ = try dataset([file, second])
            #expect(try cache(of: file.appendingPathExtension("more")).count > 2 * Self.size, "one of two files")
            for (text, kind) in [(Self.ascii + "é", TokenKind.scalars), (Self.ascii + "\r\n", .characters)] {
                try Data(text.utf8).write(to: file)
                try expectSame(
                    dataset([file], kind), TextDataset(text: text, tokens: kind, batchSize: 3, sequenceLength: 5))
                #expect(try cache(of: file, kind).count > Self.size, "one with a character of two bytes")
            }
        }
    }

    @Test func aCacheOfTheOtherFormServesOrIsMadeAnew() throws {
        let expected = try TextDataset(text: Self.ascii, batchSize: 3, sequenceLength: 5)
        try withText(Data(Self.ascii.utf8)) { file in
            _ = try dataset([file], from: .max)
            let copy = try cache(of: file)
            try expectSame(dataset([file]), expected)
            #expect(try cache(of: file) == copy, "one with the tokens serves")
            try FileManager.default.removeItem(at: file.appendingPathExtension("scalars.cache"))
            try expectSame(dataset([file]), expected)
            #expect(try cache(of: file) != copy)
            try expectSame(dataset([file], from: .max), expected)
            #expect(try cache(of: file) == copy, "one without is made anew for a text that is to be copied")
        }
    }

    @Test func aChangeUnderARunIsTold() throws {
        let changes: [(String, (URL) throws -> Void)] = [
            ("other bytes", { try Self.overwrite($0, with: Data(repeating: 0x61, count: Self.size)) }),
            ("more bytes", { try Self.overwrite($0, with: Data("more".utf8), at: UInt64(Self.size)) }),
            ("fewer bytes", { truncate($0.path, 100) }),
        ]
        for (name, change) in changes {
            try withText(Data(Self.ascii.utf8)) { file in
                // When there is no cache, and when there is one.
                for _ in 0..<2 {
                    try Self.write(Data(Self.ascii.utf8), to: file)
                    let found = try dataset([file])
                    _ = try found.batch(0)
                    try change(file)
                    let expected = TextError.unreadable(
                        file: file.path, reason: "it changed while it was read; start again when it is complete")
                    #expect(throws: expected, "\(name)") { try found.batch(0) }
                }
            }
        }
    }

    @Test func whatWasLearnedBeforeAChangeIsSaved() throws {
        try withText(Data(Self.ascii.utf8)) { file in
            let found = try dataset([file])
            let model = try LanguageModel(.init(vocabulary: found.vocabulary, hiddenSize: 4, layerCount: 1), seed: 1)
            let folder = file.deletingLastPathComponent().appendingPathComponent("cv")
            let run = try TrainingRun(
                Trainer(model: model, dataset: found), options: .init(folder: folder, maxIterations: 100))
            var saved: [Int] = []
            #expect(throws: TextError.self) {
                try run.run { event in
                    if case .step(let step) = event, step.iteration == 3 { truncate(file.path, 100) }
                    if case .checkpoint(let checkpoint) = event { saved.append(checkpoint.iteration) }
                }
            }
            #expect(saved.count == 1 && saved[0] >= 3)
        }
    }

    @Test func aCopiedTextMayChange() throws {
        let expected = try TextDataset(text: Self.ascii, batchSize: 3, sequenceLength: 5)
        try withText(Data(Self.ascii.utf8)) { file in
            for _ in 0..<2 {
                try Self.write(Data(Self.ascii.utf8), to: file)
                let found = try dataset([file], from: .max)
                truncate(file.path, 100)
                try expectSame(found, expected)
            }
        }
    }

    /// A file as old as can be, for the system's clock of files goes by steps.
    private static func write(_ text: Data, to file: URL) throws {
        try text.write(to: file)
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: file.path)
    }

    private static func overwrite(_ file: URL, with bytes: Data, at offset: UInt64 = 0) throws {
        let handle = try FileHandle(forWritingTo: file)
        try handle.seek(toOffset: offset)
        try handle.write(contentsOf: bytes)
        try handle.close()
    }

    @Test func aTextOfTheSameNameDoesNoHarm() throws {
        let expected = try TextDataset(text: Self.ascii, batchSize: 3, sequenceLength: 5)
        try withText(Data(Self.ascii.utf8)) { file in
            let found = try dataset([file])
            try Data("another".utf8).write(to: file, options: .atomic)
            try expectSame(found, expected)
            try FileManager.default.removeItem(at: file)
            try expectSame(found, expected)
        }
    }

    @Test func damagedCachesAreMadeAnew() throws {
        let expected = try TextDataset(text: Self.ascii, batchSize: 3, sequenceLength: 5)
        try withText(Data(Self.ascii.utf8)) { file in
            _ = try dataset([file])
            let whole = try cache(of: file)
            for bit in 0..<8 * whole.count {
                var damaged = whole
                damaged[bit / 8] ^= 1 << UInt8(bit % 8)
                try damaged.write(to: file.appendingPathExtension("scalars.cache"))
                try expectSame(dataset([file]), expected)
                #expect(try cache(of: file) == whole, "bit \(bit % 8) of byte \(bit / 8)")
            }
        }
    }

    @Test func aVocabularyThatLacksACharacterIsTold() throws {
        try withText(Data(Self.ascii.utf8)) { file in
            _ = try dataset([file])
            let whole = try cache(of: file)
            // The checksum is right.
            let body = Data(
                String(decoding: whole[32...], as: UTF8.self).replacingOccurrences(of: "\"Z\"", with: "\"[\"").utf8)
            let hash = whole[16..<24].reversed().reduce(0) { $0 << 8 | UInt64($1) }
            try (TokenCache.header(textHash: hash, bodyHash: contentHash(body), isInPlace: true) + body)
                .write(to: file.appendingPathExtension("scalars.cache"))
            let found = try dataset([file])
            #expect(found.vocabulary.contains("["))
            #expect(throws: TextError.self) { try batches(found) }
        }
    }
}
