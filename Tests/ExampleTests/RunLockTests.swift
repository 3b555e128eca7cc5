import CharRNN
import Foundation
import TestSupport
import Testing

/// One run to a checkpoint folder.
@Suite struct RunLockTests {
    private let endless =
        ["train", "-data_dir", "data/some_folder", "-max_epochs", "1000000", "-eval_val_every", "1000000"]
        + Workplace.smallSizes

    @Test func aSecondRunIsToldAndWritesNothing() throws {
        try Workplace.inNewFolder { place in
            let running = try CommandLineTool.charRNN.start(endless, in: place.folder)
            defer { running.process.terminate() }
            try running.waitFor("train_loss")
            let lock = try String(contentsOf: place.url("cv/run.lock"), encoding: .utf8)
            #expect(lock.hasPrefix("process \(running.process.processIdentifier) on "))
            let options = ["train", "-data_dir", "data/some_folder", "-max_epochs", "1"] + Workplace.smallSizes
            for label in [[], ["--label", "other"]] {
                let outcome = try place.run(options + label)
                #expect(outcome.status == 1)
                #expect(
                    outcome.errorLines.last
                        == "char-rnn: another run (\(lock)) is writing into cv; wait for it, stop it, or name another "
                        + "folder with --checkpoint-dir")
            }
            #expect(place.files("cv") == ["history.jsonl", "run.lock"])
            // The folder is the same by whatever name.
            try FileManager.default.createSymbolicLink(at: place.url("link"), withDestinationURL: place.url("cv"))
            #expect(try place.run(options + ["--checkpoint-dir", "link"]).status == 1)
            try place.train(into: "elsewhere")
        }
    }

    @Test func theLockOfADeadRunIsNone() throws {
        try Workplace.inNewFolder { place in
            let running = try CommandLineTool.charRNN.start(endless, in: place.folder)
            try running.waitFor("train_loss")
            kill(running.process.processIdentifier, SIGKILL)
            _ = try running.wait()
            #expect(place.files("cv").contains("run.lock"))
            try place.train()
            #expect(!place.files("cv").contains("run.lock"), "it goes with the run")
        }
    }
}
