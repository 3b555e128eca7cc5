import CharRNN
import Foundation
import TestSupport
import Testing

/// What disks and files can do to a training run: it says so clearly, and what was written stays.
@Suite struct DiskTests {
    private let train =
        ["train", "-data_dir", "data/some_folder", "-max_epochs", "1", "--print-every", "1000"]
        + Workplace.smallSizes

    private func hasNoLeftovers(_ place: Workplace, _ folder: String = "cv") -> Bool {
        !place.files(folder).contains { $0.hasSuffix(".tmp") || $0 == "run.lock" }
    }

    // MARK: Permissions

    @Test func aFolderThatMayNotBeWrittenIsNamed() throws {
        try Workplace.inNewFolder { place in
            for folder in ["cv", "closed"] {
                try FileManager.default.createDirectory(
                    at: place.url(folder), withIntermediateDirectories: false)
                try FileManager.default.setAttributes(
                    [.posixPermissions: 0o555], ofItemAtPath: place.url(folder).path)
            }
            let tool = try CommandLineTool.charRNN.asOrdinaryUser(in: place.folder)
            let written = try tool.run(train, in: place.folder)
            #expect(written.status == 1)
            #expect(
                written.errorLines.last
                    == "char-rnn: cannot write into cv: Permission denied; name another folder with --checkpoint-dir"
            )
            let made = try tool.run(train + ["--checkpoint-dir", "closed/cv"], in: place.folder)
            #expect(made.status == 1)
            #expect(made.errors.contains("cannot make the folder closed/cv for checkpoints: Permission denied; name"))
            #expect(place.files("cv").isEmpty && place.files("closed").isEmpty)
        }
    }

    @Test func aTextThatMayNotBeReadIsNamed() throws {
        try Workplace.inNewFolder { place in
            let text = place.url("data/some_folder/input.txt").path
            try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: text)
            let outcome = try CommandLineTool.charRNN.asOrdinaryUser(in: place.folder).run(
                train, in: place.folder)
            #expect(outcome.status == 1)
            #expect(
                outcome.errors.contains("char-rnn: cannot read \(text): Permission denied"),
                "\(outcome.errors)")
        }
    }

    // MARK: Names

    @Test func aFolderInTheWayIsNamed() throws {
        try Workplace.inNewFolder { place in
            let name = try place.train().split(separator: "/")[1]
            for (folder, collision) in [("a", "\(name)"), ("b", "history.jsonl"), ("c", "run.lock")] {
                let path = place.url("\(folder)/\(collision)")
                try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true)
                let outcome = try place.run(train + ["--checkpoint-dir", folder])
                #expect(outcome.status == 1)
                #expect(outcome.errors.contains("Is a directory"), "\(outcome.errors)")
                #expect(place.files(folder).filter { $0.hasSuffix(".tmp") }.isEmpty)
            }
        }
    }

    /// Such as a pipe, which nobody may be reading.
    @Test func aHistoryThatIsNoFileIsNamed() throws {
        try Workplace.inNewFolder { place in
            try FileManager.default.createDirectory(at: place.url("cv"), withIntermediateDirectories: true)
            #expect(mkfifo(place.url("cv/history.jsonl").path, 0o644) == 0)
            let outcome = try place.run(train + ["--checkpoint-dir", "cv"])
            #expect(outcome.status == 1)
            #expect(
                outcome.errorLines.last?.hasSuffix("cv/history.jsonl: it is there and is not a plain file") == true,
                "\(outcome.errors)")
        }
    }

    @Test func anotherFileOfACheckpointsNameIsKept() throws {
        try Workplace.inNewFolder { place in
            let checkpoint = try place.train(["-train_frac", "1", "-val_frac", "0"])
            #expect(checkpoint.hasSuffix("epoch1.00.safetensors"))
            let first = try Data(contentsOf: place.url(checkpoint))
            try place.train(["-train_frac", "1", "-val_frac", "0"])
            #expect(place.files("cv").count == 2, "the same run again writes the same file")
            let outcome = try place.succeed(
                train + ["-train_frac", "1", "-val_frac", "0", "-seed", "4", "--checkpoint-every", "57"])
            #expect(
                outcome.errors.contains(
                    "note: another file had that name; it is kept as \(place.url(checkpoint).path).1\n"))
            #expect(try Data(contentsOf: place.url("\(checkpoint).1")) == first)
            #expect(try Data(contentsOf: place.url(checkpoint)) != first)
        }
    }

    @Test func anotherFileThatCannotBeKeptIsNotReplaced() throws {
        try Workplace.inNewFolder { place in
            let options = ["-train_frac", "1", "-val_frac", "0"]
            let checkpoint = try place.train(options)
            let first = try Data(contentsOf: place.url(checkpoint))
            for number in 1...999 { try place.write("", to: "\(checkpoint).\(number)") }
            let outcome = try place.run(train + options + ["-seed", "4"])
            #expect(outcome.status == 1 && outcome.errors.contains("choose another --label"), "\(outcome.errors)")
            #expect(try Data(contentsOf: place.url(checkpoint)) == first)
        }
    }

    @Test func aFileInPlaceOfTheFolderIsNamed() throws {
        try Workplace.inNewFolder { place in
            try place.write("mine", to: "cv")
            let outcome = try place.run(train)
            #expect(
                outcome.status == 1
                    && outcome.errors.contains(
                        "cannot make the folder cv for checkpoints: \(place.url("cv").path) is there, and is no folder; name"
                    ))
            let below = try place.run(train + ["--checkpoint-dir", "new", "--tensorboard", "cv/a/b"])
            #expect(below.status == 1)
            #expect(
                below.errors.contains("cv/a/b: \(place.url("cv").path) is there, and is no folder"), "\(below.errors)")
            #expect(try String(contentsOf: place.url("cv"), encoding: .utf8) == "mine")
        }
    }

    @Test func linksAreFollowedToFoldersAndReplacedAsFiles() throws {
        try Workplace.inNewFolder { place in
            let name = try place.train().split(separator: "/")[1]
            try FileManager.default.createDirectory(
                at: place.url("real"), withIntermediateDirectories: false)
            try FileManager.default.createSymbolicLink(
                at: place.url("link"), withDestinationURL: place.url("real"))
            try place.write("mine", to: "precious")
            try FileManager.default.createSymbolicLink(
                at: place.url("real/\(name)"), withDestinationURL: place.url("precious"))
            try place.train(into: "link")
            #expect(place.files("real") == ["history.jsonl", "\(name)", "\(name).1"], "the link has another name")
            #expect(try Checkpoint(contentsOf: place.url("real/\(name)")).iteration == 57)
            #expect(try String(contentsOf: place.url("precious"), encoding: .utf8) == "mine")
        }
    }

    @Test func anotherFileSystemWillDo() throws {
        try Workplace.inNewFolder { place in
            let folder = URL(fileURLWithPath: "/dev/shm/char-rnn-test-\(UUID())")
            defer { try? FileManager.default.removeItem(at: folder) }
            try place.succeed(train + ["--checkpoint-dir", folder.path])
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            #expect(names.count == 2, "\(names)")
            #expect(try Checkpoint(contentsOf: folder.appendingPathComponent(names[1])).iteration == 57)
        }
    }

    // MARK: A full disk

    // The limit of a file's size fails as a full disk does, for any user.
    private func setLimit(_ bytes: String, of process: Process) throws {
        let limit = Process()
        limit.executableURL = URL(fileURLWithPath: "/usr/bin/prlimit")
        limit.arguments = ["--pid", "\(process.processIdentifier)", "--fsize=\(bytes):unlimited"]
        try limit.run()
        limit.waitUntilExit()
        try #require(limit.terminationStatus == 0)
    }

    @Test func aDiskThatIsFullForAWhileCostsNothing() throws {
        try Workplace.inNewFolder { place in
            let running = try CommandLineTool.charRNN.start(
                train + ["-rnn_size", "48", "-max_epochs", "1000000", "--checkpoint-every", "50"],
                in: place.folder)
            try running.waitFor("saved cv/")
            try setLimit("30000", of: running.process)
            try running.waitFor("training goes on and tries again")
            try setLimit("unlimited", of: running.process)
            let before = place.checkpoints().count
            while running.process.isRunning, place.checkpoints().count < before + 2 { usleep(5_000) }
            running.process.interrupt()
            let outcome = try running.wait()
            #expect(outcome.status == 130, "\(outcome.errors.suffix(500))")
            let notes = outcome.errorLines.filter { $0.contains("tries again") }
            #expect(
                notes.allSatisfy {
                    $0.contains(": File too large; the last checkpoint is cv/lm_lstm_epoch")
                })
            for path in place.checkpoints() { _ = try Checkpoint(contentsOf: place.url(path)) }
            #expect(hasNoLeftovers(place))
        }
    }

    @Test func aDiskThatIsFullAtTheEndLeavesTheCheckpointBefore() throws {
        try Workplace.inNewFolder { place in
            let checkpoint = try place.train(["-rnn_size", "48", "--max-iterations", "20"])
            let bytes = try Data(contentsOf: place.url(checkpoint))
            let arguments = [
                "train", "--resume", checkpoint, "--max-epochs", "1", "--print-every", "1000",
            ]
            let shell = CommandLineTool(executable: URL(fileURLWithPath: "/bin/bash"))
            let command =
                "ulimit -f 30; exec '\(CommandLineTool.charRNN.executable.path)' "
                + arguments.joined(separator: " ")
            let outcome = try shell.run(["-c", command], in: place.folder)
            #expect(outcome.status == 1)
            #expect(
                outcome.errorLines.last!.hasSuffix(
                    ".safetensors: File too large; the last checkpoint is \(checkpoint)"),
                "\(outcome.errors)")
            #expect(place.checkpoints() == [checkpoint] && hasNoLeftovers(place))
            #expect(try Data(contentsOf: place.url(checkpoint)) == bytes)
            try place.succeed(arguments)
        }
    }

    // MARK: The history

    @Test(arguments: [
        ("{\"iteration\":1}\n{\"iterat", "{\"iteration\":1}\n"),
        ("{\"iteration\":1}", "{\"iteration\":1}\n"),
        ("{\"iterat", ""), ("a note", "a note\n"), ("", ""), ("{]\n{\"a\":1}\n", "{]\n{\"a\":1}\n"),
    ])
    func theNextLineOfAHistoryBeginsALine(_ found: String, _ kept: String) throws {
        try Workplace.inNewFolder { place in
            try place.write(found, to: "cv/history.jsonl")
            try place.train()
            let history = try String(contentsOf: place.url("cv/history.jsonl"), encoding: .utf8)
            #expect(history.hasPrefix(kept + "{\"epoch\":0,\"iteration\":0,"), "\(history.prefix(200))")
        }
    }
}
