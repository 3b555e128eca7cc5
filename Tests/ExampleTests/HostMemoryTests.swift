import CharRNN
import Foundation
import Testing

/// The host refuses memory at one point after the other of a command: each ends with a line that says so.
struct HostMemoryTests {
    /// Kilobytes of address space. OpenBLAS alone does not start with less than the first.
    static let limits = Array(stride(from: 300_000, through: 1_500_000, by: 150_000))

    /// Runs a command at each limit, of which some must be too small for it.
    ///
    /// - Parameter advice: what the line ends with when there is no room.
    private func expectRefusals(of command: String, advice: String, in place: Workplace) throws {
        let shell = CommandLineTool(executable: URL(fileURLWithPath: "/bin/bash"))
        let program = CommandLineTool.charRNN.executable.path
        var refused = 0
        for limit in Self.limits {
            let outcome = try shell.run(
                ["-c", "ulimit -v \(limit); exec timeout 60 '\(program)' \(command)"], in: place.folder,
                // Its threads would take 128 MB each, and wait for ever where they do not get them.
                environment: ["OPENBLAS_NUM_THREADS": "1"])
            if outcome.status == 0 { continue }
            refused += 1
            #expect(outcome.status == 1, "\(limit) kB: \(outcome.status) \(outcome.errors.suffix(600))")
            let line = outcome.errorLines.last ?? ""
            #expect(line.hasPrefix("char-rnn: ") && line.contains(" cannot give"), "\(limit) kB: \(line)")
            #expect(line.contains(advice), "\(limit) kB: \(line)")
        }
        #expect(refused > 1, "\(command)")
        for checkpoint in place.checkpoints() {
            #expect(throws: Never.self) { try Checkpoint(contentsOf: place.url(checkpoint)) }
        }
    }

    @Test func aTrainingWithoutRoomSaysSoAndLeavesWholeCheckpoints() throws {
        try Workplace.inNewFolder { place in
            let command =
                "train --data-dir data/some_folder --hidden-size 1000 --batch-size 4 --sequence-length 5 "
                + "--max-iterations 1 --eval-every 1"
            try expectRefusals(of: command, advice: "; use a smaller batch size", in: place)
            try place.succeed(command.split(separator: " ").map(String.init))
            #expect(!place.checkpoints().isEmpty)
        }
    }

    @Test func aCheckpointWithoutRoomIsNotRead() throws {
        try Workplace.inNewFolder { place in
            let checkpoint = try place.train(["-rnn_size", "1000", "-max_epochs", "0.01"])
            let commands = [
                "sample \(checkpoint) --length 2 --prime ab", "train --resume \(checkpoint) --max-epochs 0.02",
                "convert \(checkpoint) other.safetensors --force",
            ]
            for command in commands { try expectRefusals(of: command, advice: "; ", in: place) }
        }
    }
}
