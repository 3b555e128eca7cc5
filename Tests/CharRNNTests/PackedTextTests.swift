import CharRNN
import Foundation
import TestSupport
import Testing

/// Texts in files that gzip, zstd and xz have packed.
@Suite struct PackedTextTests {
    /// "hello wörld\n", as the three programs pack it: gzip 1.12, zstd 1.5.4, xz 5.4.1.
    private static let packed = [
        "gz": "H4sIAAAAAAAAA8tIzcnJVyg/vK0oJ4ULAG76R0ANAAAA",
        "zst": "KLUv/SQNaQAAaGVsbG8gd8O2cmxkChMtIj4=",
        "xz": "/Td6WFoAAATm1rRGAgAhARYAAAB0L+WjAQAMaGVsbG8gd8O2cmxkCgAAAAB147u4AFt2/wABJQ1xGcS2H7bzfQEAAAAABFla",
    ].mapValues { Data(base64Encoded: $0)! }

    /// What a dataset makes of a file that holds `bytes`, token by token.
    private func text(_ bytes: Data, _ end: String, tokens kind: TokenKind = .scalars) throws -> String {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("text.\(end)")
            try bytes.write(to: file)
            let dataset = try TextDataset(
                contentsOf: file, tokens: kind, batchSize: 1, sequenceLength: 1, trainingFraction: 1,
                validationFraction: 0)
            let tokens = try (0..<dataset.characterCount).map { try Int(dataset.batch($0).inputs[0]) }
            return dataset.vocabulary.decode(tokens)
        }
    }

    @Test(arguments: ["gz", "zst", "xz"])
    func whatIsPackedIsRead(_ end: String) throws {
        let bytes = Self.packed[end]!
        for kind in TokenKind.allCases {
            #expect(try text(bytes, end, tokens: kind) == "hello wörld\n")
            #expect(try text(bytes + bytes, end, tokens: kind) == "hello wörld\nhello wörld\n", "members of one file")
        }
        #expect(throws: TextError.self, "an unpacked text of that name") { try text(Data("hello".utf8), end) }
        #expect(throws: TextError.self, "something behind the text") { try text(bytes + Data("hello".utf8), end) }
    }

    /// As programs write it that flush each piece of a text, such as loggers.
    @Test(arguments: ["gz", "zst", "xz"])
    func aCharacterMayBeInSeveralMembers(_ end: String) throws {
        let tools = ["gz": "gzip", "zst": "zstd", "xz": "xz"]
        let tool = URL(fileURLWithPath: "/usr/bin/\(tools[end]!)")
        guard FileManager.default.isExecutableFile(atPath: tool.path) else { return }
        func packed(_ byte: UInt8) throws -> Data {
            try withTemporaryFolder { folder in
                let file = folder.appendingPathComponent("byte")
                try Data([byte]).write(to: file)
                let process = try Process.run(tool, arguments: ["-q", file.path])
                process.waitUntilExit()
                return try Data(contentsOf: file.appendingPathExtension(end))
            }
        }
        let letters = "é€😀aé\n"
        let members = try letters.utf8.map(packed)
        for kind in TokenKind.allCases {
            #expect(try text(Data(members.joined()), end, tokens: kind) == letters)
        }
        #expect(throws: TextError.self, "it ends in a character") { try text(Data(members.prefix(4).joined()), end) }
        #expect(throws: TextError.self, "it begins in one") { try text(Data(members.dropFirst().joined()), end) }
    }

    /// As the format has it ("stream padding"), and `xz -d` reads it.
    @Test func zerosBehindAStreamOfXZArePadding() throws {
        let bytes = Self.packed["xz"]!
        let padding = Data(count: 8)
        #expect(try text(bytes + padding, "xz") == "hello wörld\n")
        #expect(try text(bytes + padding + bytes + Data(count: 300_000), "xz") == "hello wörld\nhello wörld\n")
        #expect(throws: TextError.self, "before the first") { try text(padding + bytes, "xz") }
        #expect(throws: TextError.self, "something behind it") { try text(bytes + padding + Data("hello".utf8), "xz") }
    }

    /// What gzip unpacks without an objection is read, and what it objects to is not.
    @Test func zerosBehindAMemberOfGzipArePaddingAsForGzip() throws {
        let tool = URL(fileURLWithPath: "/usr/bin/gzip")
        guard FileManager.default.isExecutableFile(atPath: tool.path) else { return }
        let (bytes, hello) = (Self.packed["gz"]!, Data("hello".utf8))
        let endings = [
            Data(count: 1), Data(count: 8), Data(count: 300_000), bytes, bytes + Data(count: 8), hello,
            Data(count: 8) + hello, Data(count: 300_000) + hello, bytes.prefix(1), bytes.prefix(12),
        ]
        for (index, ending) in endings.enumerated() {
            let unpacked = try withTemporaryFolder { folder in
                let file = folder.appendingPathComponent("text.gz")
                try (bytes + ending).write(to: file)
                let process = try Process.run(tool, arguments: ["-q", "-d", file.path])
                process.waitUntilExit()
                return process.terminationStatus == 0
                    ? try String(contentsOf: folder.appendingPathComponent("text"), encoding: .utf8) : nil
            }
            #expect((unpacked != nil) == (index < 5), "what gzip says of ending \(index)")
            if let unpacked {
                #expect(try text(bytes + ending, "gz") == unpacked, "ending \(index)")
            } else {
                #expect(throws: TextError.self, "ending \(index)") { try text(bytes + ending, "gz") }
            }
        }
        // gzip warns that it leaves the second one out; Python's module reads it.
        #expect(try text(bytes + Data(count: 8) + bytes, "gz") == "hello wörld\nhello wörld\n")
        #expect(throws: TextError.self, "before the first") { try text(Data(count: 8) + bytes, "gz") }
    }

    @Test(arguments: ["gz", "zst", "xz"])
    func noDamageMakesAnotherText(_ end: String) throws {
        let bytes = Self.packed[end]!
        for count in 0..<bytes.count {
            #expect(throws: TextError.self, "cut after \(count) bytes") { try text(bytes.prefix(count), end) }
            guard count > 0 else { continue }
            #expect(throws: TextError.self, "a second member of \(count) bytes") {
                try text(bytes + bytes.prefix(count), end)
            }
        }
        for bit in 0..<8 * bytes.count {
            var damaged = bytes
            damaged[bit / 8] ^= 1 << (bit % 8)
            // Some bits say nothing of the text, such as when it was packed.
            do { #expect(try text(damaged, end) == "hello wörld\n", "bit \(bit)") } catch is TextError {}
        }
    }

    @Test func whatIsWrongIsSaidOfTheFile() throws {
        func reason(_ bytes: Data, _ end: String) throws -> String {
            try withTemporaryFolder { folder in
                let file = folder.appendingPathComponent("text.\(end)")
                try bytes.write(to: file)
                do { _ = try TextDataset(contentsOf: file) } catch TextError.unreadable(file.path, let reason) {
                    return reason
                }
                return "none"
            }
        }
        for (end, bytes) in Self.packed {
            #expect(try reason(bytes.dropLast(), end) == "it cannot be unpacked: it ends too early")
        }
        let text = Data("no archive at all".utf8)
        #expect(try reason(text, "gz") == "it cannot be unpacked: incorrect header check")
        #expect(try reason(text, "zst") == "it cannot be unpacked: Unknown frame descriptor")
        #expect(try reason(text, "xz") == "it cannot be unpacked: it is not in the format of xz")
        // Made with zstd --long=31 and xz --lzma2=dict=512MiB, which ask for as much memory.
        let greedy = [
            "zst": "KLUv/QSoaQAAaGVsbG8gd8O2cmxkChMtIj4=",
            "xz": "/Td6WFoAAATm1rRGAgAhASIAAACCQKzcAQAMaGVsbG8gd8O2cmxkCgAAAAB147u4AFt2/wABJQ1xGcS2H7bzfQEAAAAABFla",
        ].mapValues { Data(base64Encoded: $0)! }
        #expect(
            try reason(greedy["zst"]!, "zst")
                == "it cannot be unpacked: Frame requires too much memory for decoding")
        #expect(try reason(greedy["xz"]!, "xz") == "it cannot be unpacked: it takes more than 128 MB of memory")
    }

    @Test func aLibraryThatIsMissingIsNamedWithItsPackage() throws {
        let error = try #require(throws: UnpackingError.self) {
            try SystemLibrary("libnothing.so.1", package: "libnothing1")
        }
        #expect(error.reason == "libnothing.so.1 is not on this computer; install it (Debian: libnothing1)")
    }

    /// A text of many blocks, in which characters go on from one to the next.
    @Test(arguments: [("gz", "gzip"), ("zst", "zstd"), ("xz", "xz")])
    func aLongTextIsTheSameAsUnpacked(_ end: String, _ program: String) throws {
        let tool = URL(fileURLWithPath: "/usr/bin/\(program)")
        guard FileManager.default.isExecutableFile(atPath: tool.path) else { return }
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("text.txt")
            try Data(SmallText.noise(2_000_000, alphabet: "aé\n😀—").utf8).write(to: file)
            let process = try Process.run(tool, arguments: ["-q", "-k", file.path])
            process.waitUntilExit()
            var progress: [Double] = []
            let expected = try TextDataset(contentsOf: file)
            for _ in 0..<2 {  // the second time from the cache
                let found = try TextDataset(contentsOf: file.appendingPathExtension(end)) { progress.append($0) }
                #expect(found.vocabulary == expected.vocabulary && found.characterCount == expected.characterCount)
                let batches = 0..<expected.batches(in: .validation).upperBound
                #expect(try batches.allSatisfy { try found.batch($0).inputs == expected.batch($0).inputs })
                #expect(progress.allSatisfy { 0...1 ~= $0 })
            }
        }
    }
}
