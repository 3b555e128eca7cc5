import CharRNN
import Foundation
import TestSupport
import Testing

/// Checkpoints of good runs.
@Suite struct CheckpointTests {
    private func trained(_ cell: RecurrentCell, steps: Int = 9) throws -> Trainer {
        var run = Run(cell: cell, dropout: 0.3, text: SmallText.noise(130, alphabet: "aé\n\"\\\u{0}😀"))
        run.options = .init(
            optimizer: .adam(learningRate: 0.01), clipping: .norm(2), decay: .init(factor: 0.9, firstEpoch: 1), seed: 9)
        let trainer = try run.trainer()
        for _ in 0..<steps { _ = try trainer.step() }
        _ = try trainer.evaluate(.validation)
        return trainer
    }

    @Test(arguments: RecurrentCell.allCases)
    func everythingComesBack(_ cell: RecurrentCell) throws {
        let trainer = try trained(cell)
        var checkpoint = try Checkpoint(of: trainer)
        checkpoint.options = ["data-dir": "/a \"b\"\n", "é": ""]
        let copy = try checkpoint.throughFile()
        #expect(copy.configuration == trainer.model.configuration)
        #expect(copy.options == checkpoint.options)
        #expect(copy.iteration == 9 && copy.epoch == 9.0 / 8)
        #expect(copy.learningRate == 0.009)
        #expect(copy.trainingOptions == trainer.options)
        #expect(copy.validationLosses == trainer.validationLosses)
        #expect(copy.batchShape! == (3, 4))
        #expect(copy.parameterCount == trainer.model.parameterCount)
        expectSame(copy.losses, try trainer.losses())
        expectSame(try LanguageModel(copy).parameterValues(), try trainer.model.parameterValues())
        #expect(try copy.fileBytes() == checkpoint.fileBytes(), "and once more, byte for byte")
    }

    @Test func aCheckpointOfAModelHasItsWeightsOnly() throws {
        let model = try Run().model()
        let copy = try Checkpoint(of: model).throughFile()
        expectSame(try LanguageModel(copy).parameterValues(), try model.parameterValues())
        #expect(copy.iteration == 0 && copy.epoch == 0 && copy.losses.isEmpty && copy.validationLosses.isEmpty)
        #expect(copy.learningRate == nil && copy.trainingOptions == nil && copy.batchShape == nil)
    }

    @Test(arguments: RecurrentCell.allCases)
    func weightsCanBeTakenOutAndPutIn(_ cell: RecurrentCell) throws {
        let checkpoint = try Checkpoint(of: Run(cell: cell).model())
        var tensors = checkpoint.tensors
        let place = try #require(tensors.firstIndex { $0.name == "rnn.weight_ih_l1" })
        #expect(tensors[place].shape == [cell.inputGates.count * 5, 5])
        let changed = tensors[place].values[7]
        tensors[place].values[7] += 1
        let copy = try Checkpoint(checkpoint.configuration, tensors: tensors.reversed())
        #expect(copy.tensors == tensors)
        let values = try LanguageModel(checkpoint).parameterValues()
        #expect(zip(values, try LanguageModel(copy).parameterValues()).filter { $0 != $1 }.map(\.0) == [changed])

        #expect(throws: CheckpointError.missing(path: "the list of tensors", tensor: "decoder.bias")) {
            try Checkpoint(checkpoint.configuration, tensors: tensors.dropLast())
        }
        let narrow = Tensor(name: "decoder.bias", shape: [3], values: [1, 2, 3])
        #expect(throws: CheckpointError.self) {
            try Checkpoint(checkpoint.configuration, tensors: tensors.dropLast() + [narrow])
        }
    }

    @Test(arguments: RecurrentCell.allCases)
    func theFileHasPyTorchsNamesAndShapes(_ cell: RecurrentCell) throws {
        let trainer = try trained(cell)
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("a.safetensors")
            try Checkpoint(of: trainer).write(to: url)
            let file = try TensorFile(url)
            let width = cell.gateCount * 5
            // Of a Mogrifier one number sees the input; one the state, one what becomes of the input, four that of either.
            let (inputWidth, stateWidth) = cell == .mogrifier ? (5, 10 * 5) : (width, width)
            var shapes = ["decoder.weight": [7, 5], "decoder.bias": [7]]
            for layer in 0..<2 {
                shapes["rnn.weight_ih_l\(layer)"] = [inputWidth, layer == 0 ? 7 : 5]
                shapes["rnn.bias_ih_l\(layer)"] = [width]
                guard cell.hasRecurrentProduct else { continue }
                shapes["rnn.weight_hh_l\(layer)"] = [stateWidth, 5]
                shapes["rnn.bias_hh_l\(layer)"] = [width]
            }
            let weights = file.names.filter { !$0.hasPrefix("training.") }
            #expect(weights == shapes.keys.sorted())
            for (name, shape) in shapes { #expect(file.shape(name) == shape, "\(name)") }
            #expect(file.names.contains("training.mean_square.decoder.bias"))
            #expect(file.floats("training.losses") == (try trainer.losses()))
            #expect(file.shape("training.state.hidden_l1") == [3, 5])
            #expect(file.names.contains("training.state.memory_l1") == cell.carriesMemory)

            // On the device inputs × outputs; in the file outputs × inputs.
            let values = try trainer.model.parameterValues()
            let stored = file.floats("rnn.weight_ih_l0")
            #expect(stored == Reference.transpose(Array(values[..<(7 * inputWidth)]), rows: 7, columns: inputWidth))
            #expect(file.floats("decoder.bias") == Array(values.suffix(7)))
            #expect(file.numbers.count == file.names.reduce(0) { $0 + 4 * file.shape($1).reduce(1, *) })
        }
    }

    @Test func namesAreCharRNNs() {
        #expect(
            Checkpoint.fileName(label: "lstm", epoch: 2.3640, validationLoss: 1.76372)
                == "lm_lstm_epoch2.36_1.7637.safetensors")
        #expect(
            Checkpoint.fileName(label: "my run", epoch: 50, validationLoss: 0.99996)
                == "lm_my run_epoch50.00_1.0000.safetensors")
        #expect(
            Checkpoint.fileName(label: "a", epoch: 0.005, validationLoss: .nan) == "lm_a_epoch0.01.safetensors")
    }

    @Test func aFileIsWrittenWholeOrNotAtAll() throws {
        let checkpoint = try Checkpoint(of: Run().model())
        try withTemporaryFolder { folder in
            func list() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }
            let file = folder.appendingPathComponent("a.safetensors")
            try checkpoint.write(to: file)
            try checkpoint.write(to: file)  // over another
            #expect(try list() == ["a.safetensors"])

            let missing = folder.appendingPathComponent("missing/b.safetensors")
            let error = #expect(throws: FileError.self) { try checkpoint.write(to: missing) }
            #expect(error?.description == "cannot write \(missing.path): No such file or directory")
            #expect(throws: FileError.self) { try checkpoint.write(to: file.appendingPathComponent("c")) }

            let occupied = folder.appendingPathComponent("occupied")
            try FileManager.default.createDirectory(at: occupied, withIntermediateDirectories: false)
            #expect(throws: FileError.self) { try checkpoint.write(to: occupied) }
            #expect(try list() == ["a.safetensors", "occupied"], "no temporary file is left")
        }
    }

    @Test func aReadOnlyFolderIsAnError() throws {
        let checkpoint = try Checkpoint(of: Run().model())
        try withTemporaryFolder { folder in
            try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: folder.path)
            let file = folder.appendingPathComponent("a.safetensors")
            let error = #expect(throws: FileError.self) { try asOrdinaryUser { try checkpoint.write(to: file) } }
            #expect(error?.description == "cannot write \(file.path): Permission denied")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        }
    }
}
