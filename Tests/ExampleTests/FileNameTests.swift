import CharRNN
import Foundation
import TestSupport
import Testing

/// The file that was named is opened, and no other; what is printed can be typed again.
@Suite struct FileNameTests {
    private let shell = CommandLineTool(executable: URL(fileURLWithPath: "/bin/bash"))

    @Test func aTildeIsALetter() throws {
        try Workplace.inNewFolder { place in
            try FileManager.default.copyItem(at: place.url("data/some_folder"), to: place.url("~root"))
            let sizes = Workplace.smallSizes + ["--max-iterations", "2"]
            try place.succeed(["train", "--data-dir", "~root", "--checkpoint-dir", "~"] + sizes)
            let checkpoint = try #require(place.checkpoints("~").last)
            #expect(place.files("").contains("~"))
            try place.succeed(["train", "--resume", checkpoint, "--max-iterations", "3"])
            let last = try #require(place.checkpoints("~").last)
            #expect(try Checkpoint(contentsOf: place.url(last)).iteration == 3)
            try place.succeed(["train", "--init-from", last, "--data-dir", "~root", "--checkpoint-dir", "~/x"] + sizes)
            #expect(place.checkpoints("~/x").count == 1)
            try FileManager.default.copyItem(at: place.url(last), to: place.url("~model"))
            try place.succeed(["sample", "~model", "--prime-file", "~root/input.txt", "--length", "1"])
            try place.succeed(["inspect", "~model"])
            try place.succeed(["score", "~model", "~root/input.txt"])
            try place.succeed(["convert", "~model", "~.onnx", "--card"])
            try place.succeed(["convert", "~model", "~pytorch", "--to", "pytorch"])
            #expect(Set(place.files("")).isSuperset(of: ["~.onnx", "~.md", "~pytorch"]))
            let from = ["convert", "~pytorch/weights.safetensors", "~back", "--from", "pytorch"]
            try place.succeed(from + ["--vocabulary-of", "~model"])
            try place.succeed(from + ["--text", "~root/input.txt", "--force"])
            #expect(Set(place.files("")).isSuperset(of: ["~back"]))
        }
    }

    @Test(arguments: [
        "train --data-dir NAME", "train --resume NAME", "train --init-from NAME", "train --checkpoint-dir NAME",
        "train --label NAME", "sample NAME", "inspect NAME", "score NAME a", "score a NAME", "convert NAME a",
        "convert a NAME", "sample a --prime NAME",
    ])
    func aNameThatIsNotUTF8IsRefused(_ command: String) throws {
        try Workplace.inNewFolder { place in
            let program = CommandLineTool.charRNN.executable.path
            let line = command.replacingOccurrences(of: "NAME", with: "$'caf\\xe9'")
            // What Swift would make of the name.
            try place.write("another", to: "caf\u{FFFD}")
            let outcome = try shell.run(["-c", "exec '\(program)' \(line)"], in: place.folder)
            #expect(outcome.status == 1 && outcome.output.isEmpty)
            #expect(
                outcome.errors
                    == "char-rnn: 'caf\\xe9' is not UTF-8, and char-rnn only takes names and texts that are; give the file a "
                    + "name that is, or a link to it: ln -s OLD NEW\n")
        }
    }

    @Test func aFolderWhoseNameIsNotUTF8IsRefused() throws {
        try Workplace.inNewFolder { place in
            let program = CommandLineTool.charRNN.executable.path
            func run(_ arguments: String) throws -> CommandLineTool.Outcome {
                // Removed here, since Foundation does not see it.
                let line = "mkdir $'caf\\xe9' && cd $'caf\\xe9' && '\(program)' \(arguments); status=$?; cd .."
                return try shell.run(["-c", "\(line); rmdir $'caf\\xe9'; exit $status"], in: place.folder)
            }
            let outcome = try run("inspect x")
            #expect(outcome.status == 1)
            #expect(outcome.errors.hasPrefix("char-rnn: the name of the current folder is not UTF-8"))
            let help = try run("inspect --help")
            #expect(help.status == 0 && help.text.contains("USAGE: "))
        }
    }

    /// What a command prints, in a shell.
    @Test(arguments: ["a b", "it's", "$HOME", "a\\b", "*", "\u{1B}[31m", "two\nlines", "cafe\u{301} d'hier", "#x", "~"])
    func printedCommandsWorkInAShell(_ name: String) throws {
        try Workplace.inNewFolder { place in
            let program = CommandLineTool.charRNN.executable
            let path = ["PATH": "\(program.deletingLastPathComponent().path):/usr/bin:/bin"]
            func runPrinted(_ errors: String, after words: String) throws -> CommandLineTool.Outcome {
                let line = try #require(errors.split(separator: "\n").first { $0.contains(words) })
                let command = line[line.range(of: words)!.upperBound...]
                #expect(line.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F && $0 != "\u{301}" })
                return try shell.run(["-c", String(command)], in: place.folder, environment: path)
            }
            let trained = try place.succeed(
                ["train", "--data-dir", "data/some_folder", "--checkpoint-dir", name, "--label", name]
                    + Workplace.smallSizes + ["--max-iterations", "2"])
            let written = try runPrinted(trained.errors, after: "let it write with: ")
            #expect(written.status == 0 && written.text.count == 2001, "\(written.errors)")
            let converted = try place.succeed([
                "convert", try #require(place.checkpoints(name).last), name + ".safetensors",
            ])
            #expect(try runPrinted(converted.errors, after: "let it write with: ").text == written.text)

            let run = try CommandLineTool.charRNN.start(
                ["train", "--data-dir", "data/some_folder", "--checkpoint-dir", name, "--label", name]
                    + Workplace.smallSizes + ["--max-epochs", "5000"], in: place.folder)
            try run.waitFor("train_loss")
            run.process.interrupt()
            let stopped = try run.wait()
            let line = try #require(stopped.errorLines.last) + " --max-epochs 0.001"
            let resumed = try runPrinted(line, after: "stopped; continue with: ")
            #expect(resumed.errors.contains("the run has reached iteration"), "\(resumed.errors)")
        }
    }

    /// What a stranger's file or name may have in it.
    @Test func nothingReachesTheTerminalRaw() throws {
        let odd = "\u{1B}\u{9B}\u{7}\u{202E}\u{200B}\u{301}\u{20DD}\u{E000}\u{F0000}\u{2028}"
        func expectClean(_ text: String, _ what: String) {
            let raw = text.unicodeScalars.filter { odd.unicodeScalars.contains($0) }
            #expect(raw.isEmpty, "\(what): \(raw.map { String($0.value, radix: 16) })")
        }
        let text = String(repeating: "ab\(odd)", count: 100)
        try Workplace.inNewFolder(text: text) { place in
            try place.train(["--label", "l\(odd)"], into: "c\(odd)")
            let outcome = try place.run(
                ["train", "--data-dir", "data/some_folder", "--checkpoint-dir", "c\(odd)", "--label", "l\(odd)"]
                    + Workplace.smallSizes + ["--max-iterations", "2"])
            expectClean(outcome.errors, "train")
            let checkpoint = try #require(place.checkpoints("c\(odd)").last)
            let inspected = try place.succeed(["inspect", checkpoint])
            expectClean(inspected.text, "inspect")
            #expect(inspected.text.contains(#"'\u{1B}'"#) && inspected.text.contains(#"'\u{0301}'"#))
            try place.write("\u{304}", to: "unknown\(odd)")
            for arguments in [
                ["sample", "no\(odd)"], ["sample", checkpoint, "--prime", "\u{304}"],
                ["score", checkpoint, "unknown\(odd)"], ["score", checkpoint, "none\(odd)"], ["train", "--x\(odd)"],
                ["\(odd)"], ["train", "x\(odd)"], ["train", "--cell", "x\(odd)"], ["convert", checkpoint, checkpoint],
                ["train", "--device", "x\(odd)"], ["train", "--data-dir", "no\(odd)"],
            ] {
                let outcome = try place.run(arguments)
                #expect(outcome.status != 0)
                expectClean(outcome.errors, "\(arguments)")
                #expect(!outcome.errors.contains("\u{304}"))
            }
            let converted = try place.succeed(["convert", checkpoint, "new\(odd).safetensors"])
            expectClean(converted.errors, "convert")
            // The text itself is as it is.
            let sample = try place.succeed(["sample", checkpoint, "--prime", "ab\(odd)", "--length", "1"])
            #expect(sample.text.hasPrefix("ab\(odd)"))
        }
    }
}
