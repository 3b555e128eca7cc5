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

    /// In bash, where $'caf\351' is a name in Latin-1; Foundation has no process with such words.
    @Test func namesNeedNotBeUTF8() throws {
        try Workplace.inNewFolder { place in
            let program = CommandLineTool.charRNN.executable
            let path = ["PATH": "\(program.deletingLastPathComponent().path):/usr/bin:/bin"]
            @discardableResult
            func run(_ line: String, in folder: String = ".", status: Int32 = 0) throws -> CommandLineTool.Outcome {
                let outcome = try shell.run(["-c", "cd \(folder) && \(line)"], in: place.folder, environment: path)
                #expect(outcome.status == status, "\(line): \(outcome.errors)")
                #expect(!outcome.errors.unicodeScalars.contains { !(0x20..<0x7F ~= $0.value) && $0 != "\n" })
                return outcome
            }
            // The texts of a folder, in the order of their bytes; and what Swift would make of the name.
            let cafe = "$'caf\\351'"
            try run(
                "mkdir \(cafe) \(cafe)/t && cd \(cafe)/t && echo dcba > $'z\\351.txt' && echo abcd > $'z\\303\\251.txt'"
            )
            try run("mv data/some_folder/input.txt \(cafe)/t/$'a\\377.txt' && gzip -k \(cafe)/t/a*")
            try place.write("another", to: "caf\u{FFFD}")
            let sizes = Workplace.smallSizes.joined(separator: " ")
            let trained = try run(
                "char-rnn train --data-dir \(cafe)/t --checkpoint-dir \(cafe)/cv --label $'\\351' --tensorboard \(cafe)/b "
                    + "\(sizes) --max-iterations 2")
            #expect(trained.errors.contains("from caf\\xE9/t/a\\xFF.txt to caf\\xE9/t/z\\xE9.txt"))
            let command = try #require(trained.errorLines.last?.split(separator: "let it write with: ").last)
            #expect(command.hasPrefix("char-rnn sample $'caf\\351/cv/lm_\\351_epoch"))
            let written = try run(String(command)).output

            // What a checkpoint remembers is found from anywhere, also from within.
            try run("char-rnn train --resume \(cafe)/cv --max-iterations 3")
            let resumed = try run("char-rnn train --resume --max-iterations 4", in: cafe)
            #expect(resumed.errors.contains("saved cv/lm_\\xE9_epoch"))
            #expect(try run("char-rnn inspect cv", in: cafe).text.contains("\\xE9"))
            #expect(try run("ls \(cafe)/b | wc -l").text == "3\n")
            #expect(try run(String(command)).output == written)

            let packed = "\(cafe)'/t/a*.txt.gz'"
            try run(
                "char-rnn train --init-from \(cafe)/cv --data-dir \(packed) --checkpoint-dir \(cafe)/new \(sizes) "
                    + "--max-iterations 1")
            try run("char-rnn sample \(cafe)/cv --prime-file \(cafe)/t/$'z\\351.txt' --length 1")
            try run("char-rnn score \(cafe)/cv \(cafe)/t/$'a\\377.txt'")
            try run("char-rnn explain \(cafe)/cv \(cafe)/t/$'z\\351.txt' -o \(cafe)/x.html")
            try run("char-rnn plot \(cafe)/cv -o \(cafe)/x.svg && grep -F 'caf\\xE9/cv' \(cafe)/x.svg")
            let converted = try run("char-rnn convert \(cafe)/cv $'\\351.onnx' --card && grep -F '# \\xE9' $'\\351.md'")
            #expect(converted.errors.contains(#"InferenceSession(open("\udce9.onnx", "rb").read())"#))
            for target in ["pytorch", "numpy"] {
                try run(
                    "char-rnn convert \(cafe)/cv \(cafe)/\(target) --to \(target) && ls \(cafe)/\(target)/weights.*")
            }
            let again = try run("char-rnn convert \(cafe)/cv $'\\351.onnx'", status: 1)
            #expect(
                again.errors.hasSuffix(
                    "char-rnn: \\xE9.onnx already exists; name another output, or add --force to overwrite it\n"))
            let missing = try run("char-rnn inspect $'no\\351'", status: 1)
            #expect(missing.errors.contains("/no\\xE9: No such file or directory"))
            if !OpenCLFaults.devices.isEmpty {
                try run(
                    "POCL_CACHE_DIR=$HOME/.cache/pocl/kcache XDG_CACHE_HOME=$PWD/\(cafe) char-rnn sample \(cafe)/cv --opencl "
                        + "--length 1 && ls \(cafe)/char-rnn/programs/*.program")
            }
            // A text is no name.
            let text = try run("char-rnn sample \(cafe)/cv --prime $'\\351'", status: 64)
            #expect(text.errors.hasPrefix("char-rnn: --prime: '\\xE9' is not UTF-8, as a text that is typed must be. "))
            let names = try FileName.all(in: place.folder).filter { !$0.hasPrefix(".") }
            #expect(Set(names) == ["data", "caf\u{FFFD}", "caf\u{10FEE9}", "\u{10FEE9}.onnx", "\u{10FEE9}.md"])
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
            expectClean(try place.succeed(["plot", "c\(odd)"]).text, "plot")
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
