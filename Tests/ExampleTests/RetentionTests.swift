import CharRNN
import Foundation
import TestSupport
import Testing

/// How often checkpoints are written, and which of them stay.
@Suite struct RetentionTests {
    private func iterations(_ place: Workplace, _ folder: String = "cv") throws -> [Int] {
        try place.checkpoints(folder).map { try Checkpoint(contentsOf: place.url($0)).iteration }
    }

    private func validations(_ place: Workplace) throws -> [Int] {
        try String(contentsOf: place.url("cv/history.jsonl"), encoding: .utf8).split(separator: "\n").compactMap {
            line in
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            return object?["validation_loss"] == nil ? nil : object?["iteration"] as? Int
        }
    }

    @Test func checkpointsComeByIterationsApartFromValidations() throws {
        try Workplace.inNewFolder { place in
            try place.train(["--checkpoint-every", "20", "--eval-every", "15"])
            #expect(try iterations(place) == [20, 40, 57])
            #expect(try validations(place) == [15, 20, 30, 40, 45, 57])
        }
    }

    @Test func checkpointsComeByTime() throws {
        try Workplace.inNewFolder { place in
            try place.train(["--checkpoint-every", "0.0000001s"])
            #expect(try iterations(place) == Array(1...57), "it is due after every step")
            try place.train(["--checkpoint-every", "1h"], into: "hourly")
            #expect(try iterations(place, "hourly") == [57])
        }
    }

    @Test func theLastOnesStay() throws {
        try Workplace.inNewFolder { place in
            try place.train(["--checkpoint-every", "10", "--keep-last", "2"])
            #expect(try iterations(place) == [50, 57])
        }
    }

    @Test func theBestStaysBesides() throws {
        try Workplace.inNewFolder { place in
            // Long enough to overfit: the best comes before the end.
            let options = ["-max_epochs", "40", "--checkpoint-every", "190", "--print-every", "1000"]
            try place.train(options, into: "all")
            let losses = Dictionary(
                uniqueKeysWithValues: try place.checkpoints("all").map { path in
                    let checkpoint = try Checkpoint(contentsOf: place.url(path))
                    return (checkpoint.iteration, checkpoint.validationLosses[checkpoint.iteration]!)
                })
            let best = losses.min { ($0.value, $0.key) < ($1.value, $1.key) }!.key
            #expect(best < 2090, "the best is among the last; the test proves nothing")
            try place.train(options + ["--keep-best", "--keep-last", "2"])
            #expect(Set(try iterations(place)) == [best, 2090, 2280])
            try place.train(options + ["--keep-best"], into: "one")
            #expect(Set(try iterations(place, "one")) == [best, 2280])
        }
    }

    @Test func whatTheRunDidNotWriteStays() throws {
        try Workplace.inNewFolder { place in
            let foreign = try place.train(["--checkpoint-every", "19"])
            let strangers = [
                "cv/lm_lstm_epoch0.01_9.9999.safetensors", "cv/lm_lstm_epoch9.00_0.0001.safetensors",
                "cv/lm_other_epoch0.35_1.0000.safetensors", "cv/.lm_lstm_epoch0.35_1.0000.safetensors.12x.tmp",
                "cv/notes",
            ]
            for stranger in strangers {
                try FileManager.default.copyItem(at: place.url(foreign), to: place.url(stranger))
            }
            let before = Set(place.files("cv"))
            try place.train(["--checkpoint-every", "7", "--keep-last", "1", "--keep-best", "-seed", "7"])
            #expect(before.isSubset(of: place.files("cv")), "\(before.subtracting(place.files("cv")))")
        }
    }

    @Test func aFileThatSomebodyReplacedStays() throws {
        try Workplace.inNewFolder { place in
            let options = ["--keep-last", "3", "--checkpoint-every", "10"]
            try place.train(options + ["--max-iterations", "30"])
            let old = place.checkpoints()
            #expect(old.count == 3)
            try place.write("mine now", to: old[0])
            try FileManager.default.moveItem(at: place.url(old[1]), to: place.url("moved"))
            try FileManager.default.createSymbolicLink(at: place.url(old[1]), withDestinationURL: place.url("moved"))
            try place.succeed(["train", "--resume", old[2], "--max-epochs", "1"] + options)
            #expect(try String(contentsOf: place.url(old[0]), encoding: .utf8) == "mine now")
            #expect(try Checkpoint(contentsOf: place.url(old[1])).iteration == 20)
            #expect(
                try place.checkpoints().suffix(3).map { try Checkpoint(contentsOf: place.url($0)).iteration } == [
                    40, 50, 57,
                ])
            #expect(!place.files("cv").contains(old[2].split(separator: "/")[1].description), "recorded, thus deleted")
        }
    }

    @Test func aRecordDeletesNothingInOtherFolders() throws {
        try Workplace.inNewFolder { place in
            let options = ["--keep-last", "2", "--checkpoint-every", "10"]
            let last = try place.train(options + ["--max-iterations", "30"])
            let older = place.checkpoints()[0]
            try FileManager.default.copyItem(at: place.url(older), to: place.url("precious.safetensors"))
            var forged = try Checkpoint(contentsOf: place.url(last))
            let record = try #require(forged.options["written"])
            let name = older.split(separator: "/")[1]
            forged.options["written"] = record.replacing(name, with: "../precious.safetensors")
            #expect(forged.options["written"] != record)
            try forged.write(to: place.url(last))
            try place.succeed(["train", "--resume", last, "--max-epochs", "1"] + options)
            #expect(FileManager.default.fileExists(atPath: place.url("precious.safetensors").path))
        }
    }

    @Test func aResumedRunKeepsWhatAnotherFolderHas() throws {
        try Workplace.inNewFolder { place in
            let options = ["--keep-last", "1", "--checkpoint-every", "10"]
            let checkpoint = try place.train(options + ["--max-iterations", "30"])
            try place.succeed(
                ["train", "--resume", checkpoint, "--max-epochs", "1", "--checkpoint-dir", "new"] + options)
            #expect(place.checkpoints() == [checkpoint])
            #expect(place.checkpoints("new").count == 1)
        }
    }
}
