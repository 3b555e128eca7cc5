import CharRNN
import Foundation
import TestSupport
import Testing

/// The names of checkpoints, and what they tell of a folder.
@Suite struct CheckpointNameTests {
    @Test(
        arguments: [
            (1.7637, "lm_a_epoch2.36_1.7637.safetensors"), (nil, "lm_a_epoch2.36.safetensors"),
            (.nan, "lm_a_epoch2.36.safetensors"), (.infinity, "lm_a_epoch2.36.safetensors"),
        ] as [(Double?, String)])
    func aNameHasNoLossThatIsNoNumber(_ loss: Double?, _ name: String) {
        #expect(Checkpoint.fileName(label: "a", epoch: 2.36, validationLoss: loss) == name)
    }

    @Test(arguments: [
        (["lm_a_epoch1.00_2.5.safetensors", "lm_a_epoch10.00_2.0.safetensors", "lm_a_epoch2.00_2.25.safetensors"], 1),
        (
            [
                "lm_my_run_epoch1.00_2.0.safetensors", "lm_lstm_epoch1.00_1.5.safetensors",
                "lm_z_9_epoch1.00_1.9.safetensors",
            ], 1
        ),
        (["lm_a_epoch1.00_0.5_epoch2.00_3.0.safetensors", "lm_b_epoch1.00_2.9.safetensors"], 1),
        (["lm_a_epoch9.00.safetensors", "lm_a_epoch1.00_7.0.safetensors", "lm_a_epoch9.00_nan.safetensors"], 1),
        (["lm_a_epoch9.00.safetensors", "lm_a_epoch10.00.safetensors", "notes_epoch99.00_0.1.safetensors"], 1),
        (["lm_a_epoch2.50_1.5.safetensors", "lm_a_epoch2.00_1.5.safetensors"], 1),
        ([".lm_a_epoch2.00_0.5.safetensors.12.tmp", "lm_a_epoch1.00_1.5.t7", "lm_a_epoch2.00_0.1.txt"], 1),
    ])
    func theBestIsTheOneWithTheLowestLoss(_ names: [String], _ best: Int) throws {
        try withTemporaryFolder { folder in
            for name in names + ["history.jsonl", "run.lock"] {
                try Data().write(to: folder.appendingPathComponent(name))
            }
            #expect(try Checkpoint.best(in: folder)?.lastPathComponent == names[best])
        }
    }

    @Test func theNewestIsTheOneWrittenLast() throws {
        try withTemporaryFolder { folder in
            let names = ["lm_a_epoch9.00_1.0.safetensors", "lm_b_epoch1.00_3.0.safetensors", "notes"]
            for (age, name) in names.enumerated() {
                let file = folder.appendingPathComponent(name)
                try Data().write(to: file)
                try FileManager.default.setAttributes(
                    [.modificationDate: Date(timeIntervalSince1970: Double(1000 + age))], ofItemAtPath: file.path)
            }
            #expect(try Checkpoint.newest(in: folder)?.lastPathComponent == names[1])
        }
    }

    @Test func aFolderWithoutCheckpointsHasNoneAndNoFolderIsAnError() throws {
        try withTemporaryFolder { folder in
            #expect(try Checkpoint.best(in: folder) == nil && Checkpoint.newest(in: folder) == nil)
            let file = folder.appendingPathComponent("file")
            try Data().write(to: file)
            #expect(throws: CheckpointError.self) { try Checkpoint.best(in: file) }
        }
    }
}
