import Foundation
import TestSupport
import Testing

/// Any text can be trained on, or it is said why not and what to do.
@Suite struct AnyTextTests {
    struct Text: CustomTestStringConvertible, Sendable {
        let name: String
        let bytes: Data
        let tokens: String
        /// What is said; nil when the text works.
        let refusal: String?
        var testDescription: String { "\(name) as \(tokens)" }

        init(_ name: String, _ bytes: Data, as tokens: String = "scalars", refusal: String? = nil) {
            self.name = name
            self.bytes = bytes
            self.tokens = tokens
            self.refusal = refusal
        }

        init(_ name: String, _ text: String, as tokens: String = "scalars", refusal: String? = nil) {
            self.init(name, Data(text.utf8), as: tokens, refusal: refusal)
        }
    }

    private static let latin = Data(String(repeating: "n\u{e9}e ", count: 50).unicodeScalars.map { UInt8($0.value) })
    private static let utf16 =
        Data([0xFF, 0xFE])
        + String(repeating: "abc ", count: 50).utf16.flatMap {
            [UInt8($0 & 0xFF), UInt8($0 >> 8)]
        }
    private static let everyByte = Data((0..<1024).map { UInt8(truncatingIfNeeded: $0) })
    /// From U+10000 on, all different.
    private static let many = String(
        String.UnicodeScalarView((0..<200_000).map { Unicode.Scalar(0x10000 + UInt32($0))! }))

    static let texts = [
        Text("nothing", "", refusal: "has 0 characters; at least 2 are needed"),
        Text("nothing", "", as: "bytes", refusal: "has 0 characters; at least 2 are needed"),
        Text("one character", "a", refusal: "has 1 character; at least 2 are needed"),
        Text("two characters", "ab"),
        Text("one line", String(repeating: "no end ", count: 40)),
        Text("only newlines", String(repeating: "\n", count: 200)),
        Text("only newlines", String(repeating: "\n", count: 200), as: "bytes"),
        Text("CR LF", String(repeating: "a line\r\n", count: 40)),
        Text("CR LF", String(repeating: "a line\r\n", count: 40), as: "characters"),
        Text("a byte-order mark", "\u{FEFF}" + String(repeating: "text ", count: 40)),
        Text("NUL", String(repeating: "ab\0", count: 50)),
        Text("NUL", String(repeating: "ab\0", count: 50), as: "bytes"),
        Text("Latin-1", latin, refusal: "; convert it"),
        Text("Latin-1", latin, as: "bytes"),
        Text("UTF-16", utf16, refusal: "convert it with: iconv -f UTF-16 -t UTF-8 OLD > NEW"),
        Text("UTF-16", utf16, as: "bytes"),
        Text(
            "UTF-16 without a mark", utf16.dropFirst(2),
            refusal: "convert it with: iconv -f UTF-16LE -t UTF-8 OLD > NEW"),
        Text("UTF-16 without a mark", utf16.dropFirst(2), as: "bytes"),
        Text(
            "a document in RTF", "{\\rtf1\\ansi a line}",
            refusal: "open it in a word processor and save it as plain text"),
        Text("every byte", everyByte, refusal: "; convert it"),
        Text("every byte", everyByte, as: "bytes"),
        Text("200,000 different characters", many),
        Text("a line of 20 MB", String(repeating: "abcdefgh", count: 2_500_000)),
    ]

    @Test(arguments: texts)
    func itIsTrainedOnOrRefused(_ text: Text) throws {
        try Workplace.inNewFolder(text: "") { place in
            try place.write(text.bytes, to: "texts/input.txt")
            // Of long texts only a few characters are validated on.
            let share = text.bytes.count < 100_000 ? "0.05" : "0.00001"
            let outcome = try place.runBounded(
                [
                    "train", "--data-dir", "texts", "--tokens", text.tokens, "--max-iterations", "1", "--hidden-size",
                    "2", "--layers", "1", "--batch-size", "2", "--sequence-length", "3", "--validation-fraction", share,
                    "--train-fraction", "\(1 - Double(share)!)",
                ])
            guard let refusal = text.refusal else {
                #expect(outcome.status == 0, "\(outcome.errors.suffix(300))")
                let checkpoint = try #require(place.checkpoints().last)
                try place.succeed(["sample", checkpoint, "--length", "3", "--temperature", "0.5"])
                return
            }
            #expect(outcome.status == 1)
            let line = try #require(outcome.errorLines.last)
            let endings = ["", "; or read it as it is with --tokens bytes"]
            #expect(line.hasPrefix("char-rnn: "))
            #expect(endings.contains { line.hasSuffix(refusal + $0) } || line.contains(refusal + " to"), "\(line)")
            #expect(place.files("cv").isEmpty, "nothing is left of a run that did not begin")
        }
    }

    @Test func charactersThatTheModelLacks() throws {
        try Workplace.inNewFolder { place in
            let checkpoint = try place.train(["--max-iterations", "1"])
            let unknown = "\u{416}\u{416}"
            try place.write(unknown, to: "unknown")
            let sample = ["sample", checkpoint, "--length", "3", "--quiet"]
            for (prime, name) in [(["--prime", unknown], ""), (["--prime-file", "unknown"], " of unknown")] {
                let outcome = try place.run(sample + prime)
                #expect(outcome.status == 1 && outcome.output.isEmpty)
                #expect(
                    outcome.errors == "char-rnn: the model does not know the character '\u{416}' at position 0\(name); "
                        + "leave it out, or choose --unknown skip or --unknown replace\n")
                #expect(try place.succeed(sample + prime + ["--unknown", "skip"]).output.count == 4)
                #expect(try place.succeed(sample + prime + ["--unknown", "replace"]).output.count == 6)
            }
            let outcome = try place.run(["score", checkpoint, "unknown"])
            #expect(outcome.status == 1 && outcome.output.isEmpty)
            #expect(
                outcome.errors
                    == "char-rnn: the model does not know the character '\u{416}' at position 0 of unknown; leave "
                    + "it out, or choose --unknown skip or --unknown replace\n")
        }
    }

    @Test func whatIsNoPlainFile() throws {
        try Workplace.inNewFolder { place in
            let checkpoint = try place.train(["--max-iterations", "1"])
            #expect(mkfifo(place.url("pipe").path, 0o600) == 0)
            let device = "it is a device, not a plain file; save what you need of it as a file first"
            let pipe = "it is a pipe; save what comes out of it as a file first"
            for (arguments, message) in [
                (["train", "--data-dir", "/dev/zero"], device), (["train", "--data-dir", "/dev/null"], device),
                (["train", "--data-dir", "pipe"], pipe), (["train", "--init-from", "pipe"], pipe),
                (["train", "--resume", "/dev/zero"], device), (["sample", "/dev/zero"], device),
                (["sample", "pipe"], pipe), (["inspect", "/dev/null"], device),
                (["convert", "pipe", "out.safetensors"], pipe), (["sample", "data"], "data has no checkpoint"),
                (["score", checkpoint, "/dev/zero"], "does not end after 64 MB; save what you need as a file"),
                (["score", checkpoint, "/dev/null"], "fewer than two characters; there is nothing to predict"),
                (["score", checkpoint, "data"], "data is a folder; name a text in it"),
                (
                    ["sample", checkpoint, "--prime-file", "pipe"],
                    "nobody writes into the pipe pipe; start what writes into it first"
                ),
            ] {
                let outcome = try place.runBounded(arguments)
                #expect(outcome.status == 1, "\(arguments): \(outcome.status)")
                #expect(outcome.errorLines.last?.contains(message) == true, "\(arguments): \(outcome.errors)")
            }
            try place.succeed(["sample", checkpoint, "--prime-file", "/dev/null", "--length", "3"])
            let outcome = try place.runBounded(["convert", checkpoint, "pipe"])
            #expect(outcome.status == 1)
            #expect(outcome.errors.hasSuffix("pipe: it is there and is not a plain file\n"))
            #expect(try place.url("pipe").resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == false)
        }
    }

    @Test func aPipeWithAWriterIsRead() throws {
        try Workplace.inNewFolder { place in
            let checkpoint = try place.train(["--max-iterations", "1"])
            #expect(mkfifo(place.url("pipe").path, 0o600) == 0)
            let sample = try CommandLineTool.charRNN.start(
                ["sample", checkpoint, "--prime-file", "pipe", "--length", "0", "--quiet"], in: place.folder)
            try Data("abcab dad".utf8).write(to: place.url("pipe"), options: [])
            #expect(try sample.wait().text == "abcab dad\n")
        }
    }
}
