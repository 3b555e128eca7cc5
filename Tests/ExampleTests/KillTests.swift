import CharRNN
import Foundation
import TestSupport
import Testing

/// A trainer that is killed at any moment has lost no more than the work since its last checkpoint.
@Suite struct KillTests {
    private let options =
        ["train", "-data_dir", "data/some_folder", "-checkpoint_dir", "cv", "-max_epochs", "100000", "-dropout", "0.3"]
        + Workplace.smallSizes
        + ["--checkpoint-every", "1", "--eval-every", "3", "--keep-last", "3", "--keep-best", "--print-every", "7"]

    @Test func fiftyKillsLoseNothing() throws {
        try Workplace.inNewFolder { place in
            var generator = SplitMix64(seed: 2024)
            var middles = 0
            var iteration = 0
            for round in 0..<50 {
                let resume = try newest(place).map { ["--resume", $0] } ?? []
                let leftovers = temporaryFiles(place)
                let checkpoints = place.checkpoints()
                let running = try CommandLineTool.charRNN.start(options + resume, in: place.folder)
                if round % 2 == 0 {
                    // Some rounds make progress, however slow the machine is.
                    while round % 4 == 0 && place.checkpoints() == checkpoints && running.process.isRunning {
                        usleep(1000)
                    }
                    usleep(UInt32.random(in: 0..<60_000, using: &generator))
                } else if try stopInTheMiddleOfWriting(running, place, leftovers: leftovers) {
                    middles += 1
                }
                kill(running.process.processIdentifier, SIGKILL)
                #expect(try running.wait().status == 137)
                // All that bear a checkpoint's name are whole, and the newest is no older than before.
                let newest = try newest(place)
                let reached = try newest.map { try Checkpoint(contentsOf: place.url($0)).iteration } ?? 0
                #expect(reached >= iteration, "round \(round)")
                iteration = reached
            }
            #expect(middles == 25, "kills in the middle of writing")
            #expect(iteration >= 13, "no progress was made")

            let last = iteration + 5
            let end = ["--max-iterations", "\(last)"]
            let checkpoint = try #require(try newest(place))
            try place.succeed(options + ["--resume", checkpoint] + end)
            let resumed = try #require(try newest(place))
            let files = place.files("cv").filter { $0 != "history.jsonl" }
            #expect(files.count == 4 || files.count == 3, "the last 3 and the best, and nothing else: \(files)")

            try FileManager.default.moveItem(at: place.url("cv"), to: place.url("killed"))
            try place.succeed(options + end)
            #expect(try newest(place) == resumed)
            #expect(place.files("cv") == place.files("killed"))
            for file in files {
                // The options are those of the command line that wrote it.
                let written = try ["cv", "killed"].map { folder in
                    var contents = try TensorFile(place.url("\(folder)/\(file)"))
                    contents.metadata["options"] = nil
                    return contents
                }
                #expect(written[0].numbers == written[1].numbers, "\(file)")
                #expect(written[0].metadata == written[1].metadata, "\(file)")
            }
        }
    }

    /// The checkpoint with the most iterations; each is read.
    private func newest(_ place: Workplace) throws -> String? {
        try place.checkpoints().max {
            try Checkpoint(contentsOf: place.url($0)).iteration < Checkpoint(contentsOf: place.url($1)).iteration
        }
    }

    /// Stops the program between opening a temporary file and renaming it, which is so when it has one while it stands
    /// still. `leftovers` are those of earlier kills, which the program removes at its start.
    private func stopInTheMiddleOfWriting(
        _ running: CommandLineTool.Running, _ place: Workplace, leftovers: [String]
    ) throws -> Bool {
        let process = running.process.processIdentifier
        func isWriting() -> Bool { temporaryFiles(place).contains { !leftovers.contains($0) } }
        while running.process.isRunning {
            guard isWriting() else { continue }
            kill(process, SIGSTOP)
            while !(try String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)).contains(") T ") {
                usleep(100)
            }
            if isWriting() { return true }
            kill(process, SIGCONT)
        }
        return false
    }

    private func temporaryFiles(_ place: Workplace) -> [String] { place.files("cv").filter { $0.hasSuffix(".tmp") } }
}
