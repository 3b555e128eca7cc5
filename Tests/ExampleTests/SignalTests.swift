import CharRNN
import Foundation
import TestSupport
import Testing

/// What ends a training from outside: it says so at once, and leaves a checkpoint.
@Suite struct SignalTests {
    private static let endless =
        ["train", "-data_dir", "data/some_folder", "-max_epochs", "1000000", "-eval_val_every", "1000000"]
        + Workplace.smallSizes

    private func checkpoints(_ place: Workplace) throws -> [Checkpoint] {
        try place.checkpoints().map { try Checkpoint(contentsOf: place.url($0)) }
    }

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP, SIGQUIT])
    func aSignalIsAcknowledgedAndSaves(_ signal: Int32) throws {
        try Workplace.inNewFolder { place in
            let running = try CommandLineTool.charRNN.start(Self.endless, in: place.folder)
            try running.waitFor("train_loss")
            kill(running.process.processIdentifier, signal)
            let outcome = try running.wait()
            #expect(outcome.status == 128 + signal, "\(outcome.errors.suffix(300))")
            #expect(outcome.errorLines.contains { $0.hasSuffix(": stopping; what was learned is saved first") })
            #expect(try checkpoints(place).count == 1)
            #expect(!place.files("cv").contains("run.lock"))
        }
    }

    /// A step, then a validation of many seconds, in which the signals come.
    private func stopped(
        by signals: [Int32], _ place: Workplace, _ options: [String] = []
    ) throws -> CommandLineTool.Outcome {
        let running = try CommandLineTool.charRNN.start(
            [
                "train", "--data-dir", "data/some_folder", "--hidden-size", "128", "--layers", "1", "--batch-size", "2",
                "--sequence-length", "5", "--train-fraction", "0.1", "--validation-fraction", "0.9", "--eval-every",
                "1",
            ] + options, in: place.folder)
        try running.waitFor("train_loss")
        for signal in signals {
            kill(running.process.processIdentifier, signal)
            usleep(20_000)
        }
        return try running.wait()
    }

    @Test(arguments: [[SIGINT], [SIGINT, SIGINT], [SIGTERM, SIGINT, SIGHUP]])
    func aValidationIsBrokenOffAndFurtherSignalsLoseNothing(_ signals: [Int32]) throws {
        try Workplace.inNewFolder(text: SmallText.rhythm(1_000_000)) { place in
            let outcome = try stopped(by: signals, place)
            #expect(outcome.status == 128 + signals[0], "\(outcome.errors.suffix(300))")
            #expect(!outcome.errors.contains("validation loss"))
            let saved = try checkpoints(place)
            #expect(saved.map(\.iteration) == [1])
            #expect(place.checkpoints().allSatisfy { $0.hasSuffix("_epoch0.00.safetensors") }, "no loss is known yet")
        }
    }

    @Test func theLastValidationIsBrokenOffWithAStatusOfItsOwn() throws {
        try Workplace.inNewFolder(text: SmallText.rhythm(1_000_000)) { place in
            let outcome = try stopped(by: [SIGINT], place, ["--max-iterations", "1"])
            #expect(outcome.status == 130, "\(outcome.errors.suffix(300))")
            let checkpoint = try #require(place.checkpoints().last)
            #expect(
                outcome.errorLines.last
                    == "stopped after the last step, before the model was tried; let it write with: "
                    + "char-rnn sample \(checkpoint)")
            #expect(try checkpoints(place).map(\.iteration) == [1])
        }
    }

    @Test func whoeverStoppedReadingMessagesDoesNotStopTheTraining() throws {
        try Workplace.inNewFolder { place in
            let shell = CommandLineTool(executable: URL(fileURLWithPath: "/bin/bash"))
            let train = ["train", "-data_dir", "data/some_folder", "-max_epochs", "1"] + Workplace.smallSizes
            let outcome = try shell.run(
                [
                    "-c",
                    "'\(CommandLineTool.charRNN.executable.path)' \(train.joined(separator: " ")) 2>&1 | head -n 3; "
                        + "exit ${PIPESTATUS[0]}",
                ], in: place.folder)
            #expect(outcome.status == 0)
            #expect(try checkpoints(place).map(\.iteration) == [57])
        }
    }

    /// As a terminal that is stopped by Ctrl-S, and `mpirun` when it ends: a reader that is there and reads nothing.
    @Test func whoeverStallsHoldsNoTrainingAndNoSignal() throws {
        try Workplace.inNewFolder { place in
            let program = CommandLineTool.charRNN.executable.path
            let shell = CommandLineTool(executable: URL(fileURLWithPath: "/bin/bash"))
            // 64 KiB fit the pipe, some five hundred lines.
            let outcome = try shell.run(
                [
                    "-c",
                    """
                    mkfifo pipe; exec 3<>pipe
                    timeout -s KILL 120 '\(program)' \(Self.endless.joined(separator: " ")) 2>&3 & run=$!
                    for try in {1..1200}; do
                        [ "$(cat cv/history.jsonl 2>/dev/null | wc -l)" -gt 2000 ] && break; sleep 0.05
                    done
                    wc -l < cv/history.jsonl; kill -TERM $run; wait $run
                    """,
                ], in: place.folder)
            #expect(outcome.status == 143, "it was killed, after so many steps: \(outcome.text)")
            let checkpoint = try #require(try checkpoints(place).last)
            #expect(checkpoint.iteration > 2000)
        }
    }

    /// As nohup has it, and scripts for what they run in the background.
    @Test(arguments: [(SIGHUP, "HUP"), (SIGINT, "INT"), (SIGQUIT, "QUIT")])
    func aSignalThatIsIgnoredStaysIgnored(_ signal: Int32, _ name: String) throws {
        try Workplace.inNewFolder { place in
            let shell = CommandLineTool(executable: URL(fileURLWithPath: "/bin/bash"))
            let program = CommandLineTool.charRNN.executable.path
            let running = try shell.start(
                ["-c", "trap '' \(name); exec '\(program)' \(Self.endless.joined(separator: " "))"], in: place.folder)
            try running.waitFor("train_loss")
            kill(running.process.processIdentifier, signal)
            let steps = try String(contentsOf: running.errors, encoding: .utf8).split(separator: "\n").count
            while running.process.isRunning,
                try String(contentsOf: running.errors, encoding: .utf8).split(separator: "\n").count < steps + 50
            { usleep(5_000) }
            #expect(running.process.isRunning)
            running.process.terminate()
            #expect(try running.wait().status == 143)
        }
    }

    // MARK: The text's cache

    @Test func aSignalDuringPreprocessingLeavesNoHalfOfACache() throws {
        try Workplace.inNewFolder { place in
            let line = Data("abcab dad.\n".utf8)
            var text = Data()
            for _ in 0..<8_000_000 { text.append(line) }
            try place.write(text, to: "data/some_folder/input.txt")
            let running = try CommandLineTool.charRNN.start(Self.endless, in: place.folder)
            func temporaries() -> [String] { place.files("data/some_folder").filter { $0.hasSuffix(".tmp") } }
            while running.process.isRunning, temporaries().isEmpty { usleep(500) }
            running.process.terminate()
            let outcome = try running.wait()
            #expect(outcome.status == 143)
            #expect(outcome.errorLines.last == "stopped before the first step; there is nothing to save")
            #expect(temporaries().isEmpty)
        }
    }

    /// Where characters are found and numbered in the whole text, and the cache is being written.
    @Test func aSignalWhileCharactersAreNumberedLeavesNoCache() throws {
        try Workplace.inNewFolder(text: String(repeating: "abcab dad.\n", count: 3_000_000)) { place in
            let running = try CommandLineTool.charRNN.start(
                Self.endless + ["--tokens", "characters"], in: place.folder)
            func files() -> [String] { place.files("data/some_folder").filter { $0 != "input.txt" } }
            while running.process.isRunning, files().isEmpty { usleep(500) }
            running.process.terminate()
            let outcome = try running.wait()
            #expect(outcome.status == 143)
            #expect(outcome.errorLines.last == "stopped before the first step; there is nothing to save")
            #expect(files().isEmpty, "the reading went on to its end")
        }
    }

    @Test func aSignalEndsTheReadingOfAStreamWithoutAnEnd() throws {
        try Workplace.inNewFolder { place in
            let shell = CommandLineTool(executable: URL(fileURLWithPath: "/bin/bash"))
            let program = CommandLineTool.charRNN.executable.path
            // What never lets it wait.
            let script =
                "while echo some more text; do :; done 2> nothing | timeout -k 30 60 '\(program)' train --data-dir - & "
                + "echo $! > number; wait $!"
            let running = try shell.start(["-c", script], in: place.folder)
            try running.waitFor("reading the text: 0 %")
            let number = try String(contentsOf: place.url("number"), encoding: .utf8)
            kill(try #require(pid_t(number.dropLast())), SIGTERM)
            let outcome = try running.wait()
            #expect(outcome.status == 143, "\(outcome.errors)")
            #expect(outcome.errorLines.last == "stopped before the first step; there is nothing to save")
        }
    }

    @Test func aSignalEndsADryRun() throws {
        try Workplace.inNewFolder { place in
            let running = try CommandLineTool.charRNN.start(Self.endless + ["--dry-run"], in: place.folder)
            try running.waitFor("number of parameters")
            kill(running.process.processIdentifier, SIGINT)
            let outcome = try running.wait()
            #expect(outcome.status == 130)
            #expect(!outcome.errors.contains("speed: "))
        }
    }

    @Test func whatAKilledProgramHasLeftOfACacheIsRemoved() throws {
        try Workplace.inNewFolder { place in
            try place.write("half", to: "data/some_folder/.input.txt.scalars.cache.123.tmp")
            try place.write("mine", to: "data/some_folder/.input.txt.tmp")
            try place.train()
            #expect(place.files("data/some_folder") == [".input.txt.tmp", "input.txt", "input.txt.scalars.cache"])
        }
    }
}
