import CharRNN
import Foundation
import TestSupport
import Testing

/// Commands that are given a folder of checkpoints.
@Suite struct FolderTests {
    /// Two runs, of which the second one has learned less.
    private func inFolderOfRuns(_ body: (Workplace, _ best: String) throws -> Void) throws {
        try Workplace.inNewFolder { place in
            try place.train(["--eval-every", "20"])
            try place.train(["--label", "second", "--cell", "gru", "--max-iterations", "2"])
            let best = try #require(try Checkpoint.best(in: place.url("cv"))).lastPathComponent
            #expect(best.hasPrefix("lm_lstm_"))
            try body(place, "cv/\(best)")
        }
    }

    @Test func sampleAndScoreTakeTheBest() throws {
        try inFolderOfRuns { place, best in
            for command in [["sample", "FOLDER", "--length", "30", "--prime", "ab"], ["score", "FOLDER", "text"]] {
                try place.write("abcab dad.\n", to: "text")
                func run(_ name: String) throws -> CommandLineTool.Outcome {
                    try place.succeed(command.map { $0 == "FOLDER" ? name : $0 })
                }
                let byFolder = try run("cv")
                #expect(byFolder.output == (try run(best)).output)
                #expect(byFolder.errorLines.contains("the best checkpoint of cv: \(best)"))
                #expect(try run("cv/").errorLines.contains("the best checkpoint of cv/: \(best)"))
            }
            let quiet = try place.succeed(["sample", "cv", "--length", "3", "--prime", "ab", "--quiet"])
            #expect(quiet.errors.isEmpty)
            let start = try place.succeed(
                ["train", "-data_dir", "data/some_folder", "--init-from", "cv", "--max-iterations", "1"]
                    + ["--batch-size", "4", "--sequence-length", "5", "--checkpoint-dir", "new"])
            #expect(start.errors.contains("starting from the weights, cell, sizes and dropout of \(best)\n"))
        }
    }

    @Test func aFolderWithoutCheckpointsIsToldSo() throws {
        try Workplace.inNewFolder { place in
            for command in [
                ["sample", "data"], ["score", "data", "text"], ["train", "--resume", "data"], ["inspect", "data"],
            ] {
                let outcome = try place.run(command)
                #expect(outcome.status == 1)
                #expect(outcome.errorLines.last!.hasPrefix("char-rnn: data has no "), "\(outcome.errors)")
                #expect(outcome.errorLines.last!.contains("char-rnn train --checkpoint-dir data"))
            }
        }
    }

    @Test(arguments: [
        (["--resume"], "cv"), (["--resume", "cv"], "cv"), (["--resume", "--checkpoint-dir", "cv"], "cv"),
        (["--checkpoint-dir", "there", "--resume"], "there"), (["--resume", "there/"], "there"),
    ])
    func resumingGoesOnFromTheNewest(_ arguments: [String], _ folder: String) throws {
        try Workplace.inNewFolder { place in
            for name in ["cv", "there"] { try place.train(["--max-iterations", "2", "--eval-every", "1"], into: name) }
            let outcome = try place.succeed(["train"] + arguments + ["--max-iterations", "3"])
            #expect(outcome.errors.contains("resuming at iteration 2 "))
            #expect(place.checkpoints(folder).count == 3)
            let runs = try TrainingHistory(in: place.url(folder)).runs
            #expect(runs.count == 1 && runs[0].iteration == 3)
            #expect(runs[0].lines.compactMap { $0.loss == nil ? nil : $0.iteration } == [1, 2, 3])
        }
    }

    // MARK: Comparing

    @Test func inspectComparesTheRuns() throws {
        try inFolderOfRuns { place, best in
            let lines = try place.succeed(["inspect", "cv"]).text.split(separator: "\n").map(String.init)
            #expect(lines.count == 3)
            #expect(lines[0].hasPrefix("label ") && lines[1].hasPrefix("lstm ") && lines[2].hasPrefix("second "))
            #expect(Set(lines.map(\.count)).count == 1, "columns")
            let loss = try #require(best.split(separator: "_").last?.dropLast(".safetensors".count))
            #expect(lines[1].contains(" lstm  1x8 ") && lines[1].contains(" \(loss) "), "\(lines)")
            #expect(lines[2].contains(" gru ") && lines[1].contains(" 57 ") && lines[1].hasSuffix(" s"))
            struct Row: Decodable {
                let label, cell: String
                let layers, hiddenSize, parameters, iteration: Int
                let bestLoss, epoch, seconds: Double
            }
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            let rows = try place.succeed(["inspect", "cv", "--json"]).text.split(separator: "\n").map {
                try decoder.decode(Row.self, from: Data($0.utf8))
            }
            #expect(rows.map(\.label) == ["lstm", "second"] && rows.map(\.iteration) == [57, 2])
            #expect(rows[0].hiddenSize == 8 && rows[0].bestLoss < rows[1].bestLoss && rows[0].parameters == 607)
        }
    }

    @Test func checkpointsWithoutAHistoryAreComparedToo() throws {
        try inFolderOfRuns { place, _ in
            try FileManager.default.removeItem(at: place.url("cv/history.jsonl"))
            let lines = try place.succeed(["inspect", "cv"]).text.split(separator: "\n")
            #expect(lines.count == 3 && lines[1].hasPrefix("lstm  ") && lines[2].hasPrefix("second  "))
        }
    }

    @Test func aCheckpointIsJSONForPrograms() throws {
        try inFolderOfRuns { place, best in
            let text = try place.succeed(["inspect", best, "--json"]).text
            #expect(text.split(separator: "\n").count == 1)
            let lines = try place.succeed(["inspect", best]).text.split(separator: "\n")
            #expect(lines.contains("optimizer: rmsprop, decay rate 0.95"), "\(lines)")
            #expect(lines.contains("gradient clipping: each component to 5.0 at most"))
            let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
            #expect(object["cell"] as? String == "lstm" && object["hidden_size"] as? Int == 8)
            #expect(object["parameters"] as? Int == 607 && object["batch_size"] as? Int == 4)
            let losses = try #require(object["validations"] as? [[String: Any]])
            #expect(losses.compactMap { $0["iteration"] as? Int } == [20, 40, 57])
        }
    }
}
