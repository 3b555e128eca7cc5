import CharRNN
import Foundation
import TestSupport
import Testing

/// Models and checkpoints with weights of 8 bits.
@Suite struct PrecisionTests {
    private let text = SmallText.rhythm(300)

    private func model(_ cell: RecurrentCell = .lstm, hiddenSize: Int = 16) throws -> LanguageModel {
        try Run(cell: cell, hiddenSize: hiddenSize, embeddingSize: cell == .gru ? 7 : nil, text: text).model()
    }

    private func rounded(_ model: LanguageModel) throws -> LanguageModel {
        try LanguageModel(Checkpoint(of: model), on: .cpu, precision: .int8)
    }

    @Test(arguments: RecurrentCell.allCases)
    func eachRowOfWeightsIsAStepTimesWholeNumbers(_ cell: RecurrentCell) throws {
        let model = try model(cell)
        let tensors = try rounded(model).tensors()
        for (tensor, original) in zip(tensors, try model.tensors()) {
            #expect(tensor.name == original.name && tensor.shape == original.shape)
            guard tensor.shape.count == 2 else {
                expectSame(tensor.values, original.values, tensor.name)
                continue
            }
            let length = tensor.shape[1]
            for row in 0..<tensor.shape[0] {
                let values = tensor.values[row * length..<(row + 1) * length].map(Double.init)
                let originals = original.values[row * length..<(row + 1) * length].map(Double.init)
                let step = values.map(abs).max()! / 127
                #expect(values.allSatisfy { $0 == ($0 / step).rounded() * step }, "\(tensor.name), row \(row)")
                // The largest is 127 steps, of which each was rounded up to 17 bits.
                #expect(abs(127 * step / originals.map(abs).max()! - 1) <= 0x1p-15)
                #expect(zip(values, originals).allSatisfy { abs($0 - $1) <= step * (0.5 + 0x1p-8) })
            }
        }
    }

    @Test(arguments: RecurrentCell.allCases)
    func aFileHasThemInAQuarterOfTheBytesAndGivesThemBackToTheBit(_ cell: RecurrentCell) throws {
        let whole = try Checkpoint(of: model(cell, hiddenSize: 96))
        let checkpoint = try whole.converted(to: .int8)
        #expect(checkpoint.precision == .int8)
        let (bytes, wholeBytes) = (try checkpoint.fileBytes(), try whole.fileBytes())
        #expect(bytes.count < wholeBytes.count * 3 / 10)
        let copy = try checkpoint.throughFile()
        #expect(copy.precision == .int8 && copy.tensors == checkpoint.tensors)
        #expect(try copy.fileBytes() == bytes)
        #expect(try copy.converted(to: .int8).fileBytes() == bytes)
        let (read, made) = (try LanguageModel(copy), try rounded(LanguageModel(whole)))
        #expect(read.precision == .int8)
        #expect(try read.fingerprint() == made.fingerprint())
        #expect(try read.logProbabilities(of: text) == made.logProbabilities(of: text))
        // And once more in floats, which other programs get.
        let floats = try copy.converted(to: .float32)
        #expect(floats.precision == .float32 && floats.tensors == copy.tensors)
        #expect(try floats.throughFile().tensors == copy.tensors)
        #expect(copy.folded.precision == .float32)
    }

    /// The bytes of the file by themselves, as another program reads them.
    @Test func theFileIsWhatTheArticleSays() throws {
        let checkpoint = try Checkpoint(of: model()).converted(to: .int8)
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("small.safetensors")
            try checkpoint.write(to: url)
            let file = try TensorFile(url)
            #expect(file.metadata["precision"] == "int8")
            func bytes(_ name: String, _ type: String) throws -> Data {
                let entry = try #require(file.header[name] as? [String: Any])
                #expect(entry["dtype"] as? String == type)
                let offsets = try #require(entry["data_offsets"] as? [Int])
                return Data(file.numbers[offsets[0]..<offsets[1]])
            }
            for tensor in checkpoint.tensors where tensor.shape.count == 2 {
                let weights = try bytes(tensor.name, "I8").map { Int8(bitPattern: $0) }
                let scales = try bytes(tensor.name + "_scale", "F32").withUnsafeBytes {
                    Array($0.bindMemory(to: Float.self))
                }
                #expect(scales.count == tensor.shape[0])
                let values = weights.enumerated().map { Float($1) * scales[$0 / tensor.shape[1]] }
                expectSame(values, tensor.values, tensor.name)
            }
        }
    }

    @Test(arguments: RecurrentCell.allCases)
    func itReadsAlmostAsTheFloatsDo(_ cell: RecurrentCell) throws {
        for hiddenSize in [9, 16, 130] {
            let model = try model(cell, hiddenSize: hiddenSize)
            let floats = try LanguageModel(Checkpoint(of: model).converted(to: .int8), precision: .float32)
            var reference = try ReferenceNetwork(floats, batchSize: 1)
            let tokens = try model.vocabulary.encode(text).map { Int32($0) }
            let expected = reference.read(Array(tokens.dropLast()), targets: Array(tokens.dropFirst()))
            let actual = try rounded(model).logProbabilities(of: text).map { -$0 }
            let worst = zip(actual, expected).map { abs($0 - $1) }.max()!
            #expect(abs(actual.mean - expected.mean) <= 0.002, "\(actual.mean) for \(expected.mean)")
            #expect(worst <= 0.05, "units: \(hiddenSize)")
            #expect(worst > 1e-6, "what is multiplied was rounded")
        }
    }

    @Test(arguments: RecurrentCell.allCases)
    func aTextHasTheSameBitsAloneInAGroupAndAsASequence(_ cell: RecurrentCell) throws {
        for threads in [1, 3] {
            for hiddenSize in [9, 130, 520] {
                let model = try LanguageModel(
                    copying: rounded(model(cell, hiddenSize: hiddenSize)), on: .processor(threadCount: threads))
                #expect(model.precision == .int8)
                let group = try model.makeSessionGroup(count: 13)
                var sessions = [Session](repeating: try model.makeSession(), count: 13)
                let count = model.vocabulary.count
                var first: [Int] = []
                for step in 0..<20 {
                    let tokens = (0..<13).map { ($0 * 5 + step * 3) % count }
                    first.append(tokens[0])
                    try group.feed(tokens)
                    for i in 0..<13 {
                        try sessions[i].feed(tokens[i])
                        expectSame(group.next[i].logits, sessions[i].next.logits, "text \(i), step \(step)")
                    }
                }
                var whole = try model.makeSession()
                try whole.feed(first)
                expectSame(whole.next.logits, sessions[0].next.logits, "as a sequence")
            }
        }
    }

    @Test func aLongTextIsReadInPartsThatAgreeAboutTheLoss() throws {
        let text = SmallText.noise(12_000)
        let model = try rounded(Run(hiddenSize: 32, text: text).model())
        var session = try model.makeSession()
        var inOrder: [Double] = []
        for token in try model.vocabulary.encode(text) {
            if session.next.logits.contains(where: { $0 != 0 }) {
                inOrder.append(session.next.logProbability(of: token))
            }
            try session.feed(token)
        }
        let scores = try model.logProbabilities(of: text)
        #expect(abs(scores.mean - inOrder.mean) <= 1e-4, "\(scores.mean) for \(inOrder.mean)")
    }

    @Test func itIsNotTrained() throws {
        let run = Run(hiddenSize: 16, text: text)
        let checkpoint = try Checkpoint(of: run.trainer()).converted(to: .int8)
        let model = try LanguageModel(checkpoint)
        #expect(throws: QuantizedWeightsError.self) { try Trainer(model: model, dataset: run.dataset()) }
        #expect(throws: QuantizedWeightsError.self) { try Trainer(resuming: checkpoint, dataset: run.dataset()) }
        #expect(throws: QuantizedWeightsError.self) { try DynamicEvaluation(model) }
        #expect(throws: QuantizedWeightsError.self) {
            try model.gradientStatistics(of: model.vocabulary.encode(text))
        }
        #expect(throws: Never.self) {
            try Trainer(model: LanguageModel(checkpoint, precision: .float32), dataset: run.dataset()).step()
        }
    }

    @Test func otherDevicesRefuseItOrReadItInFloats() throws {
        let checkpoint = try Checkpoint(of: model()).converted(to: .int8)
        let expected = try LanguageModel(checkpoint, precision: .float32).logProbabilities(of: text)
        for device in Device.underTest where !device.multipliesInt8 {
            #expect(throws: DeviceError.noInt8(device: device.description)) {
                try LanguageModel(checkpoint, on: device, precision: .int8)
            }
            let model = try LanguageModel(checkpoint, on: device)
            #expect(model.precision == .float32)
            let actual = try model.logProbabilities(of: text)
            #expect(zip(actual, expected).allSatisfy { abs($0 - $1) <= 1e-5 }, "\(device)")
        }
    }

    @Test func weightsThatAreNoNumbersAreNotRounded() throws {
        let model = try model()
        var values = try model.parameterValues()
        values[3] = .nan
        try model.setParameterValues(values)
        #expect(throws: BrokenModelError.self) { try Checkpoint(of: model).converted(to: .int8) }
        var session = try rounded(model).makeSession()
        #expect(throws: BrokenModelError.self) { try session.feed(text) }
    }

    @Test func damageIsReported() throws {
        let checkpoint = try Checkpoint(of: model()).converted(to: .int8)
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("damaged.safetensors")
            func error(_ damage: (inout TensorFile) -> Void) throws -> CheckpointError? {
                try checkpoint.write(to: url)
                var file = try TensorFile(url)
                damage(&file)
                try file.bytes.write(to: url)
                return #expect(throws: CheckpointError.self) { try Checkpoint(contentsOf: url) }
            }
            let name = "decoder.weight_scale"
            let missing = try error { file in
                file.header["other"] = file.header[name]
                file.header[name] = nil
            }
            #expect(missing == .missing(path: url.path, tensor: name))
            for tensor in checkpoint.tensors {
                let found = try error { $0.remove(tensor.name) }
                #expect(found == .missing(path: url.path, tensor: tensor.name))
            }
            for (old, new) in [
                ("\"layerCount\":2", "\"layerCount\":\(Int.max)"), ("\"layerCount\":2", "\"layerCount\":3"),
                ("\"hiddenSize\":16", "\"hiddenSize\":\(Int.max)"), ("\"hiddenSize\":16", "\"hiddenSize\":10000000"),
            ] {
                let found = try error { $0.edit("configuration", old, new) }
                #expect(found != nil, "\(new)")
            }
            let shape = try error { $0.set("rnn.weight_hh_l1_scale", "shape", [32, 2]) }
            #expect(
                shape == .shape(path: url.path, tensor: "rnn.weight_hh_l1_scale", found: [32, 2], expected: [64]))
            let unknown = try error { $0.metadata["precision"] = "int4" }
            #expect(unknown == .metadata(path: url.path, reason: "its precision is 'int4'"))
            let untold = try error { $0.metadata["precision"] = nil }
            #expect(untold != nil, "there are no floats")
        }
    }
}
