import CharRNN
import Foundation
import Synchronization
import TestSupport
import Testing

/// Finding and reading the text.
@Suite struct TextFileTests {
    private func reason(_ url: URL) -> String {
        do {
            _ = try TextDataset(contentsOf: url, batchSize: 2, sequenceLength: 2)
            return "no error"
        } catch { return "\(error)" }
    }

    @Test func aFolderStandsForItsInput() throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("input.txt")
            try Data("hello world".utf8).write(to: file)
            let byFolder = try TextDataset(contentsOf: folder, batchSize: 1, sequenceLength: 2)
            let byFile = try TextDataset(contentsOf: file, batchSize: 1, sequenceLength: 2)
            let inMemory = try TextDataset(text: "hello world", batchSize: 1, sequenceLength: 2)
            for dataset in [byFolder, byFile] {
                #expect(dataset.vocabulary == inMemory.vocabulary)
                #expect(try dataset.batch(0).inputs == inMemory.batch(0).inputs)
            }
        }
    }

    @Test func aFolderWithoutAnInputStandsForItsTexts() throws {
        try withTemporaryFolder { folder in
            let texts = ["10.txt": "hello", "2.txt": " wörld", ".hidden.txt": "?", "3.md": "#"]
            for (name, text) in texts { try Data(text.utf8).write(to: folder.appendingPathComponent(name)) }
            for kind in TokenKind.allCases {
                let inMemory = try TextDataset(text: "hello wörld", tokens: kind, batchSize: 1, sequenceLength: 2)
                // The second time from the cache.
                for _ in 0..<2 {
                    var progress: [Double] = []
                    let dataset = try TextDataset(
                        contentsOf: folder, tokens: kind, batchSize: 1, sequenceLength: 2
                    ) { progress.append($0) }
                    #expect(dataset.vocabulary == inMemory.vocabulary)
                    #expect(try dataset.batch(0).inputs == inMemory.batch(0).inputs)
                    #expect(try dataset.batch(4).targets == inMemory.batch(4).targets)
                    let (first, last) = ("\(folder.path)/10.txt", "\(folder.path)/2.txt")
                    #expect(dataset.notices.first == "the text is 2 files, from \(first) to \(last)")
                    #expect(progress.last == 1 && progress == progress.sorted())
                }
                let cache = folder.appendingPathComponent("texts.\(kind.rawValue).cache")
                #expect(FileManager.default.fileExists(atPath: cache.path))
            }
            // Another file makes another text.
            try Data("!".utf8).write(to: folder.appendingPathComponent("9.txt"))
            #expect(try TextDataset(contentsOf: folder, batchSize: 1, sequenceLength: 2).characterCount == 12)
            // The place of what is wrong is that in its own file; a scalar does not go on in the next one.
            let file = folder.appendingPathComponent("2.txt")
            try Data([0x61, 0xC3]).write(to: file)
            #expect(throws: TextError.notUTF8(file: file.path, offset: 1, byte: 0xC3)) {
                try TextDataset(contentsOf: folder, batchSize: 1, sequenceLength: 2)
            }
            // An input.txt is the text, whatever else there is.
            try Data("input".utf8).write(to: folder.appendingPathComponent("input.txt"))
            #expect(try TextDataset(contentsOf: folder, batchSize: 1, sequenceLength: 2).characterCount == 5)
        }
    }

    @Test func aTextOfManyNamesIsReadInTheirOrder() throws {
        try withTemporaryFolder { folder in
            // By the bytes of the paths: "-" comes before "/", and "Z" before "a".
            let texts = [
                "b/2.txt": "3", "b-c/1.txt": "2", "b/Z/1.txt": "4", "a.txt": "1", "b/é.txt": "5", "b/.c/1.txt": "?",
                "b/.1.txt": "?", "b/1.md": "?", "d/input.txt": "6", "d/other.txt": "?",
            ]
            for (name, text) in texts {
                let file = folder.appendingPathComponent(name)
                try FileManager.default.createDirectory(
                    at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(text.utf8).write(to: file)
            }
            // Back to the beginning, without an end.
            try FileManager.default.createSymbolicLink(
                at: folder.appendingPathComponent("b/loop"), withDestinationURL: folder)
            func text(_ names: String...) throws -> String {
                let dataset = try TextDataset(
                    contentsOf: names.map { folder.appendingPathComponent($0) }, batchSize: 1, sequenceLength: 1,
                    trainingFraction: 1, validationFraction: 0)
                return dataset.vocabulary.decode(
                    try (0..<dataset.characterCount).map { try Int(dataset.batch($0).inputs[0]) })
            }
            #expect(try text("b") == "345")
            #expect(try text("d", "b") == "6345")
            #expect(try text("a.txt", "b", "a.txt") == "13451")
            // All in one folder, where an input.txt is as any other that lies deeper.
            #expect(try text("") == "123456?")
            let caches = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter {
                $0.hasSuffix(".cache")
            }
            #expect(
                caches.sorted() == [
                    "a.txt.more.scalars.cache", "b/texts.scalars.cache", "d/texts.more.scalars.cache",
                    "texts.scalars.cache",
                ])
            #expect(
                throws: TextError.tooShort(
                    name: "the text of \(folder.path)/a.txt and 1 more", characters: 2, needed: 4)
            ) {
                try TextDataset(
                    contentsOf: [folder.appendingPathComponent("a.txt"), folder.appendingPathComponent("b/2.txt")],
                    batchSize: 1, sequenceLength: 1, trainingFraction: 0.4, validationFraction: 0.3)
            }
        }
    }

    @Test func whatCannotBeReadIsNamed() throws {
        try withTemporaryFolder { folder in
            let missing = folder.appendingPathComponent("missing.txt")
            #expect(reason(missing) == "cannot read \(missing.path): No such file or directory")
            let input = folder.appendingPathComponent("input.txt")
            #expect(
                reason(folder)
                    == "cannot read \(input.path): the folder has neither an input.txt nor another .txt; "
                    + "put your text there under such a name")
            try FileManager.default.createDirectory(at: input, withIntermediateDirectories: false)
            #expect(reason(folder) == "cannot read \(input.path): it is a folder")
        }
    }

    @Test func aTextThatChangesWhileItIsReadIsNamed() throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("changing.txt")
            try Data(repeating: 0x61, count: 1 << 22).write(to: file)
            let descriptor = open(file.path, O_RDWR)
            let isRead = Atomic(false)
            let writer = Thread {
                var letter: UInt8 = 0x61
                while !isRead.load(ordering: .relaxed) {
                    letter = letter == 0x61 ? 0x62 : 0x61
                    for place in stride(from: off_t(0), to: 1 << 22, by: 1 << 16) {
                        pwrite(descriptor, &letter, 1, place)
                    }
                }
                close(descriptor)
            }
            writer.start()
            defer { isRead.store(true, ordering: .relaxed) }
            let expected = "cannot read \(file.path): it changed while it was read; start again when it is complete"
            // A reading may fall into a pause of the writer.
            #expect((0..<50).contains { _ in reason(file) == expected })
        }
    }

    /// What this thread has read from files so far; nil where the system does not count it.
    private func readBytes() -> Int? {
        let counts = try? String(contentsOfFile: "/proc/thread-self/io", encoding: .utf8)
        return counts?.split(separator: "\n").first { $0.hasPrefix("rchar: ") }.flatMap { Int($0.dropFirst(7)) }
    }

    @Test(arguments: [(TokenKind.bytes, 2), (.scalars, 2), (.characters, 1)])
    func aNewTextIsReadNoOftenerThanNeedBe(_ kind: TokenKind, _ times: Int) throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("input.txt")
            let size = 1 << 21
            func readings() throws -> Int? {
                guard let before = readBytes() else { return nil }
                _ = try TextSource.$threadCount.withValue(1) { try TextDataset(contentsOf: file, tokens: kind) }
                return readBytes().map { Int((Double($0 - before) / Double(size)).rounded()) }
            }
            try Data(repeating: 0x61, count: size).write(to: file)
            guard let first = try readings() else { return }
            #expect(first == times, "for the vocabulary with the checksum, and for the numbers")
            #expect(try readings() == 2, "for the checksum, by which the cache is known, and the cache")
            try Data(repeating: 0x62, count: size).write(to: file)
            #expect(try readings() == times + 1, "when there is a cache of another text")
            guard kind != .characters else { return }
            try TextSource.$sizeInPlace.withValue(size) {
                try Data(repeating: 0x63, count: size).write(to: file)
                #expect(try readings() == 2, "of a text in place only for the vocabulary with the checksum")
                #expect(try readings() == 1)
            }
        }
    }

    @Test(arguments: TokenKind.allCases)
    func anEmptyFileIsTooShort(_ kind: TokenKind) throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("empty.txt")
            try Data().write(to: file)
            for _ in 0..<2 {  // the second time from the cache
                #expect(throws: TextError.tooShort(name: file.path, characters: 0, needed: 2)) {
                    try TextDataset(contentsOf: file, tokens: kind)
                }
            }
        }
    }

    private static let shakespeare = URL(fileURLWithPath: #filePath)
        .appendingPathComponent("../../../../shared/data/tinyshakespeare/input.txt").standardizedFileURL

    @Test(.enabled(if: FileManager.default.fileExists(atPath: shakespeare.path), "Karpathy's text is not here"))
    func karpathysTextHasItsPublishedNumbers() throws {
        let text = try String(contentsOf: Self.shakespeare, encoding: .utf8)
        let dataset = try TextDataset(text: text)
        #expect(dataset.characterCount == 1_115_394 && dataset.vocabulary.count == 65)
        #expect(dataset.vocabulary[0] == "\n" && dataset.vocabulary[1] == " ")
        #expect(dataset.batches(in: .training).count == 423 && dataset.batches(in: .validation).count == 23)
    }
}
