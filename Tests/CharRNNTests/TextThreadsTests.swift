import CharRNN
import Foundation
import TestSupport
import Testing

/// Texts are read on several threads, of which nothing is to be seen.
@Suite struct TextThreadsTests {
    private static let counts = [1, 2, 3, 8]

    /// Some megabytes, of which no two are alike, with scalars of every length at the ends of blocks.
    private static let text: String = {
        let part = SmallText.noise(4000, alphabet: "abcdefgh \né—😀")
        return (0..<700).map { "\($0)\(part)" }.joined()
    }()

    /// The vocabulary and the tokens as a text has them that is cut by hand.
    private func tokens(_ text: String, _ kind: TokenKind) -> (tokens: [[UInt8]], numbers: [Int]) {
        let parts: [[UInt8]] =
            switch kind {
            case .bytes: text.utf8.map { [$0] }
            case .scalars: text.unicodeScalars.map { Array(String($0).utf8) }
            case .characters: text.map { Array(String($0).utf8) }
            }
        let tokens = Set(parts).sorted { $0.lexicographicallyPrecedes($1) }
        let numbers = Dictionary(uniqueKeysWithValues: zip(tokens, 0...))
        return (tokens, parts.map { numbers[$0]! })
    }

    @Test(arguments: TokenKind.allCases)
    func theCacheHasTheSameBytes(_ kind: TokenKind) throws {
        let text = Self.text
        let (expectedTokens, expectedNumbers) = tokens(text, kind)
        try withTemporaryFolder { folder in
            let bytes = Data(text.utf8)
            // In two files, between two scalars.
            let middle = text.utf8.index(text.startIndex, offsetBy: 3_000_001)
            let half = text[..<(text.unicodeScalars.index(after: middle))].utf8.count
            try bytes.prefix(half).write(to: folder.appendingPathComponent("1.txt"))
            try bytes.dropFirst(half).write(to: folder.appendingPathComponent("2.txt"))
            let cache = folder.appendingPathComponent("texts.\(kind.rawValue).cache")
            var caches: Set<Data> = []
            for count in Self.counts {
                var progress: [Double] = []
                let thread = pthread_self()
                let dataset = try TextSource.$threadCount.withValue(count) {
                    try TextDataset(contentsOf: folder, tokens: kind, batchSize: 1, sequenceLength: 1 << 16) {
                        progress.append($0)
                        #expect(pthread_equal(thread, pthread_self()) != 0)
                    }
                }
                #expect(progress.last == 1 && progress == progress.sorted())
                caches.insert(try Data(contentsOf: cache))
                try FileManager.default.removeItem(at: cache)
                let vocabulary = dataset.vocabulary
                #expect((0..<vocabulary.count).map { vocabulary.bytes(of: $0) } == expectedTokens)
                #expect(dataset.characterCount == expectedNumbers.count)
                let batches = 0..<dataset.batches(in: .validation).upperBound
                let read = try batches.flatMap { try dataset.batch($0).inputs }
                let isSame = read.elementsEqual(expectedNumbers.prefix(read.count).map { Int32($0) })
                #expect(isSame && read.count > 40 << 16, "\(count) threads")
                // Without a cache, in memory.
                let inMemory = try TextSource.$threadCount.withValue(count) {
                    try TextDataset(text: text, tokens: kind, batchSize: 1, sequenceLength: 1 << 16)
                }
                #expect(try inMemory.batch(40).inputs == dataset.batch(40).inputs)
            }
            #expect(caches.count == 1)
        }
    }

    @Test(arguments: counts)
    func theFirstErrorIsTold(_ count: Int) throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("1.txt")
            // Some blocks apart; and a file that is not packed, to which no reading comes.
            var bytes = Data(repeating: 0x61, count: 6_000_000)
            bytes[2_000_000] = 0xFF
            bytes[5_000_000] = 0xFE
            try bytes.write(to: file)
            let other = folder.appendingPathComponent("2.gz")
            try Data("no archive".utf8).write(to: other)
            #expect(throws: TextError.notUTF8(file: file.path, offset: 2_000_000, byte: 0xFF)) {
                try TextSource.$threadCount.withValue(count) { try TextDataset(contentsOf: [file, other]) }
            }
        }
    }

    @Test(arguments: counts)
    func aCancelledReadingEnds(_ count: Int) async throws {
        let text = Self.text
        let names = try await Task {
            try withTemporaryFolder { folder in
                let file = folder.appendingPathComponent("input.txt")
                try Data(text.utf8).write(to: file)
                var told = 0
                #expect(throws: CancellationError.self) {
                    try TextSource.$threadCount.withValue(count) {
                        try TextDataset(contentsOf: file) { _ in
                            told += 1
                            withUnsafeCurrentTask { $0?.cancel() }
                        }
                    }
                }
                #expect(told > 0)
                return try FileManager.default.contentsOfDirectory(atPath: folder.path)
            }
        }.value
        #expect(names == ["input.txt"], "neither a cache nor a part of one")
    }

    /// Characters are found in a whole text, and numbered in another reading of it: either is broken off where it stands.
    @Test(arguments: [TokenKind.scalars, .characters], [0.1, 0.3, 0.6, 0.8])
    func aCancelledReadingGoesNoFurther(_ kind: TokenKind, _ share: Double) async throws {
        let text = Self.text
        try await Task {
            try withTemporaryFolder { folder in
                let file = folder.appendingPathComponent("input.txt")
                try Data((text + text + text).utf8).write(to: file)
                var told = 0.0
                func tell(_ fraction: Double) {
                    told = fraction
                    if fraction >= share { withUnsafeCurrentTask { $0?.cancel() } }
                }
                #expect(throws: CancellationError.self) {
                    try TextSource.$threadCount.withValue(1) {
                        try TextDataset(contentsOf: file, tokens: kind, progress: tell)
                    }
                }
                #expect(told >= share && told < share + 0.15, "\(told)")
                told = 0
                #expect(throws: CancellationError.self) {
                    try TextDataset(bytes: Data(contentsOf: file), tokens: kind, progress: tell)
                }
                #expect(told < share, "the task was cancelled before")
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["input.txt"])
            }
        }.value
    }

    /// What is read once more when it is there: to count its tokens, to cut it into documents, to check a cache, to encode.
    @Test func aCancelledTaskReadsNothingOnceMore() async throws {
        let text = Self.text
        try await Task {
            try withTemporaryFolder { folder in
                let file = folder.appendingPathComponent("input.txt")
                try Data(text.utf8).write(to: file)
                let dataset = try TextDataset(contentsOf: file, batchSize: 1, sequenceLength: 50)
                withUnsafeCurrentTask { $0?.cancel() }
                #expect(throws: CancellationError.self) { try dataset.withUnknownToken(minimumFrequency: 2) }
                #expect(throws: CancellationError.self) {
                    try DocumentBatches(dataset, separator: "\n", batchSize: 1, sequenceLength: 50)
                }
                #expect(throws: CancellationError.self) { try TextDataset(contentsOf: file) }
                #expect(throws: CancellationError.self) { try TextDataset(contentsOf: folder) }
                #expect(throws: CancellationError.self) { try dataset.vocabulary.encode(text) }
            }
        }.value
    }
}
