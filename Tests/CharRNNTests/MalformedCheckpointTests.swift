import CharRNN
import Foundation
import TestSupport
import Testing

/// Files that are no checkpoints: an error in words, never a crash, never another error.
@Suite struct MalformedCheckpointTests {
    /// A checkpoint of two steps, taken apart.
    private func whole() throws -> TensorFile {
        let trainer = try Run().trainer()
        for _ in 0..<2 { _ = try trainer.step() }
        return try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("whole.safetensors")
            try Checkpoint(of: trainer).write(to: url)
            return try TensorFile(url)
        }
    }

    /// Nil when the bytes are read as a checkpoint.
    private func error(of bytes: Data, in folder: URL) throws -> CheckpointError? {
        let url = folder.appendingPathComponent("damaged.safetensors")
        try bytes.write(to: url)
        do {
            _ = try Checkpoint(contentsOf: url)
            return nil
        } catch let error as CheckpointError { return error }
    }

    @Test(arguments: CheckpointDamage.all)
    func damageIsReported(_ damage: CheckpointDamage) throws {
        var file = try whole()
        try withTemporaryFolder { folder in
            #expect(try error(of: file.bytes, in: folder) == nil, "undamaged it is read")
            damage.apply(&file)
            let error = try #require(try error(of: file.bytes, in: folder))
            #expect(!error.description.contains("\n"))
        }
    }

    /// With "nan" a schedule would have no factor.
    @Test(arguments: ["\"nan\"": 0, "-1e308": 0, "0.5": 0.5, "5": 1])
    func theShareOfARunThatIsOverIsAShare(_ written: String, _ share: Double) throws {
        var file = try whole()
        file.edit("training", "\"iteration\":2", "\"progress\":\(written),\"iteration\":2")
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("run.safetensors")
            try file.bytes.write(to: url)
            let trainer = try Trainer(resuming: Checkpoint(contentsOf: url), dataset: Run().dataset())
            #expect(trainer.progress == share)
        }
    }

    /// Also where no run's numbers stand beside them.
    @Test(arguments: [true, false])
    func aTensorThatIsMissingIsNamed(_ hasRun: Bool) throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("damaged.safetensors")
            let checkpoint = try hasRun ? Checkpoint(of: Run().trainer()) : Checkpoint(of: Run().model())
            for tensor in checkpoint.tensors {
                try checkpoint.write(to: url)
                var file = try TensorFile(url)
                file.remove(tensor.name)
                #expect(try error(of: file.bytes, in: folder) == .missing(path: url.path, tensor: tensor.name))
            }
        }
    }

    @Test func aHoleBetweenTensorsIsReported() throws {
        var file = try whole()
        for name in file.names {
            let entry = file.header[name] as! [String: Any]
            let offsets = entry["data_offsets"] as! [Int]
            // Everything but the first tensor moves on by four bytes.
            if offsets[0] > 0 { file.set(name, "data_offsets", offsets.map { $0 + 4 }) }
        }
        let first = file.names.map { (file.header[$0] as! [String: Any])["data_offsets"] as! [Int] }
            .filter { $0[0] == 0 }.map { $0[1] }.max()!
        file.numbers.insert(contentsOf: [0, 0, 0, 0], at: first)
        try withTemporaryFolder { folder in
            let error = try #require(try error(of: file.bytes, in: folder))
            #expect(error.description.contains("expected from"))
        }
    }

    @Test func theLengthOfTheHeaderIsChecked() throws {
        let bytes = try whole().bytes
        let lengths: [UInt64] = [
            0, 1, UInt64(bytes.count - 8), UInt64(bytes.count - 7), 100_000_001, 1 << 31, 1 << 32, 1 << 62, 1 << 63,
            .max - 7, .max,
        ]
        try withTemporaryFolder { folder in
            for length in lengths {
                let changed = withUnsafeBytes(of: length.littleEndian) { Data($0) } + bytes.dropFirst(8)
                guard case .malformed = try error(of: changed, in: folder) else {
                    Issue.record("a header of \(length) bytes is taken")
                    continue
                }
            }
        }
    }

    @Test func aFileCutShortAnywhereIsReported() throws {
        let file = try whole()
        let bytes = try file.bytes
        let header = bytes.count - file.numbers.count
        let cuts = Array(0...header + 40) + stride(from: header + 41, to: bytes.count, by: 97) + [bytes.count - 1]
        try withTemporaryFolder { folder in
            for count in cuts {
                let error = try error(of: bytes.prefix(count), in: folder)
                #expect(error != nil, "cut to \(count)")
                if count >= header { #expect(error!.description.contains("not copied whole"), "cut to \(count)") }
            }
        }
    }

    @Test func whatIsReadFromADamagedFileCanBeUsed() throws {
        let bytes = try whole().bytes
        let dataset = try Run().dataset()
        var generator = SplitMix64(seed: 8)
        var wasRead = 0
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("damaged.safetensors")
            for _ in 0..<1500 {
                var damaged = bytes
                for _ in 0..<Int.random(in: 1...3, using: &generator) {
                    damaged[Int.random(in: 0..<bytes.count, using: &generator)] =
                        UInt8.random(in: 0...255, using: &generator)
                }
                try damaged.write(to: url)
                do {
                    let checkpoint = try Checkpoint(contentsOf: url)
                    _ = try LanguageModel(checkpoint, on: .cpu)
                    wasRead += 1
                    let trainer = try Trainer(resuming: checkpoint, dataset: dataset, on: .cpu)
                    _ = try trainer.step()
                } catch is CheckpointError {}  // any other error fails the test
            }
        }
        #expect(wasRead > 100, "damage to the numbers alone cannot be seen")
    }

    @Test func otherFilesAreReported() throws {
        try withTemporaryFolder { folder in
            let missing = folder.appendingPathComponent("missing.safetensors")
            var error = #expect(throws: CheckpointError.self) { try Checkpoint(contentsOf: missing) }
            #expect(error?.description == "cannot read the checkpoint \(missing.path): No such file or directory")
            error = #expect(throws: CheckpointError.self) { try Checkpoint(contentsOf: folder) }
            #expect(error?.description == "cannot read the checkpoint \(folder.path): it is a folder")
            for text in ["", "{}"] {
                guard case .malformed = try self.error(of: Data(text.utf8), in: folder) else {
                    Issue.record("'\(text)' is taken")
                    continue
                }
            }
            for text in ["hello, this is a text and no checkpoint", "[[[[[[[[[[[[[[[[[[[["] {
                error = try self.error(of: Data(text.utf8), in: folder)
                let message = try #require(error?.description)
                #expect(message.hasSuffix("it is a text; give a checkpoint, as char-rnn train writes"))
            }
            let deep = Data(String(repeating: "{\"a\":", count: 100_000).utf8)
            let bytes = TensorFile.bytes(header: deep, numbers: Data())
            #expect(try self.error(of: bytes, in: folder) != nil, "depth")
        }
    }
}
