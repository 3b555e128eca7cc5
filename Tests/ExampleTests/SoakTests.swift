import CharRNN
import Foundation
import TestSupport
import Testing

/// Runs that are long, and several at a time.
@Suite struct SoakTests {
    private let train =
        [
            "train", "-data_dir", "data/some_folder", "-rnn_size", "4", "-num_layers", "1", "-batch_size",
            "2",
        ]
        + ["-seq_length", "5", "--print-every", "50"]

    @Test func twentyThousandStepsNeedNoMoreMemoryThanTen() throws {
        // A step leaves 12 bytes in the log, and its 4 in each checkpoint: under 1 MB in all, 256 pages.
        try expectFlatMemory(steps: 20_000, checkpointEvery: 100, pages: 256)
    }

    /// As many steps as char-rnn makes in a day, at 0.18 s each on two cores.
    @Test func aDayOfStepsNeedsNoMoreMemoryThanItsLosses() throws {
        // The same 16 bytes of half of the steps, in arrays that double when they are full, and copied for a checkpoint:
        // a thing forgotten in each step would add more than these 64.
        try expectFlatMemory(steps: 480_000, checkpointEvery: 20_000, pages: 240_000 * 64 / 4096)
    }

    /// What grows from the second quarter of the run to the last is at most so many pages.
    private func expectFlatMemory(steps: Int, checkpointEvery: Int, pages: Double) throws {
        try Workplace.inNewFolder { place in
            let running = try CommandLineTool.charRNN.start(
                train + [
                    "--max-epochs", "1000000", "--max-iterations", "\(steps)", "--eval-every",
                    "\(10 * checkpointEvery)",
                    "--checkpoint-every", "\(checkpointEvery)", "--keep-last", "3", "--keep-best",
                ], in: place.folder)
            let process = running.process.processIdentifier
            var resident: [Double] = []
            try running.waitFor("train_loss")
            while running.process.isRunning {
                let pages = (try? String(contentsOfFile: "/proc/\(process)/statm", encoding: .utf8))?.split(
                    separator: " ")
                if let count = pages.flatMap({ $0.count > 1 ? Double($0[1]) : nil }), count > 0 {
                    resident.append(count)
                }
                usleep(5_000)
            }
            let outcome = try running.wait()
            #expect(outcome.status == 0, "\(outcome.errors.suffix(300))")
            try #require(resident.count > 40, "the run was too short to be measured")
            let quarter = resident.count / 4
            let middle = Array(resident[quarter..<2 * quarter]).mean
            let last = Array(resident.suffix(quarter)).mean
            #expect(last - middle <= pages, "from \(middle * 4096 / 1e6) MB to \(last * 4096 / 1e6) MB")
            let files = place.checkpoints()
            #expect((3...4).contains(files.count))
            let newest = try files.map { try Checkpoint(contentsOf: place.url($0)).iteration }.max()
            #expect(newest == steps)
        }
    }

    @Test func twoTrainersAndASamplerSideBySideDoAsEachAlone() throws {
        try Workplace.inNewFolder { place in
            let model = try place.train(into: "model")
            let trainers = ["a", "b"].map {
                train + [
                    "-checkpoint_dir", "tree/\($0)", "--max-epochs", "40", "--checkpoint-every", "100",
                    "-seed",
                ]
                    + [$0 == "a" ? "1" : "2"]
            }
            let sampler = ["sample", model, "--length", "3000"]
            let text = try place.succeed(sampler).output
            for trainer in trainers { try place.succeed(trainer) }
            try FileManager.default.moveItem(at: place.url("tree"), to: place.url("alone"))

            let running = try trainers.map { try CommandLineTool.charRNN.start($0, in: place.folder) }
            var samples = 0
            repeat {
                #expect(try place.succeed(sampler).output == text)
                samples += 1
            } while running.contains { $0.process.isRunning }
            for run in running { #expect(try run.wait().status == 0) }
            for folder in ["a", "b"] {
                let names = place.checkpoints("alone/\(folder)").map { $0.split(separator: "/").last! }
                #expect(
                    !names.isEmpty
                        && names == place.checkpoints("tree/\(folder)").map { $0.split(separator: "/").last! })
                for name in names {
                    let isSame =
                        try Data(contentsOf: place.url("alone/\(folder)/\(name)"))
                        == Data(contentsOf: place.url("tree/\(folder)/\(name)"))
                    #expect(isSame, "\(folder)/\(name)")
                }
            }
        }
    }
}

extension [Double] {
    fileprivate var mean: Double { reduce(0, +) / Double(count) }
}
