import CharRNN
import Foundation
import Testing

/// The host refuses memory at one point after the other of a command: each ends with a line that says so.
struct HostMemoryTests {
    /// Kilobytes of address space. OpenBLAS alone does not start with less than the first.
    static let limits = Array(stride(from: 300_000, through: 1_500_000, by: 150_000))

    private func run(_ command: String, limit: Int, in place: Workplace) throws -> CommandLineTool.Outcome {
        let shell = CommandLineTool(executable: URL(fileURLWithPath: "/bin/bash"))
        let program = CommandLineTool.charRNN.executable.path
        return try shell.run(
            ["-c", "ulimit -v \(limit); exec timeout 60 '\(program)' \(command)"], in: place.folder,
            // Its threads would take 128 MB each, and wait for ever where they do not get them.
            environment: ["OPENBLAS_NUM_THREADS": "1"])
    }

    @Test func aTrainingWithoutRoomSaysSoAndLeavesWholeCheckpoints() throws {
        try Workplace.inNewFolder { place in
            let command =
                "train --data-dir data/some_folder --hidden-size 1000 --batch-size 4 --sequence-length 5 "
                + "--max-iterations 1 --eval-every 1"
            var refused = 0
            for limit in Self.limits {
                let outcome = try run(command, limit: limit, in: place)
                if outcome.status == 0 { continue }
                refused += 1
                #expect(outcome.status == 1, "\(limit) kB: \(outcome.status) \(outcome.errors.suffix(600))")
                let line = outcome.errorLines.last ?? ""
                #expect(line.hasPrefix("char-rnn: ") && line.contains(" cannot give "), "\(line)")
                #expect(line.contains("; use a smaller batch size"), "\(line)")
            }
            #expect(refused > 1)
            try place.succeed(command.split(separator: " ").map(String.init))
            #expect(try Checkpoint(contentsOf: place.url(#require(place.checkpoints().last))).iteration == 1)
        }
    }

    @Test func aCheckpointWithoutRoomIsNotRead() throws {
        try Workplace.inNewFolder { place in
            let checkpoint = try place.train(["-rnn_size", "1000", "-max_epochs", "0.01"])
            let commands = [
                "sample \(checkpoint) --length 2 --prime ab", "train --resume \(checkpoint) --max-epochs 0.02",
                "convert \(checkpoint) other.safetensors",
            ]
            for command in commands {
                var refused = 0
                for limit in Self.limits {
                    let outcome = try run(command, limit: limit, in: place)
                    if outcome.status == 0 { continue }
                    refused += 1
                    #expect(outcome.status == 1, "\(limit) kB: \(outcome.status) \(outcome.errors.suffix(600))")
                    #expect(outcome.errorLines.last?.contains(" cannot give") == true, "\(outcome.errors)")
                }
                #expect(refused > 1, "\(command)")
                for checkpoint in place.checkpoints() {
                    #expect(throws: Never.self) { try Checkpoint(contentsOf: place.url(checkpoint)) }
                }
            }
        }
    }
}
