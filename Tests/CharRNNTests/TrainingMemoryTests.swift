import CharRNN
import OpenCLCompute
import Synchronization
import TestSupport
import Testing

/// What training holds on a device is what the formula says, to the byte.
@Suite struct TrainingMemoryTests {
    struct Case: CustomTestStringConvertible {
        let cell: RecurrentCell
        let hiddenSize, layerCount, batchSize, sequenceLength: Int
        let dropout: Float
        let optimizer: Optimizer
        let alphabet: Int
        let embeddingSize: Int?
        var testDescription: String {
            "\(cell), \(layerCount) × \(hiddenSize), B \(batchSize), T \(sequenceLength), V \(alphabet), \(dropout), "
                + "embedding \(embeddingSize ?? 0)"
        }

        static let all = RecurrentCell.allCases.flatMap { cell in
            [
                Case(cell, 5, 1, 3, 4, 0, .rmsProp(), 7),
                Case(cell, 16, 2, 1, 9, 0, .adam(), 20),
                Case(cell, 17, 3, 4, 1, 0.3, .rmsProp(), 11),
                Case(cell, 33, 2, 2, 3, 0.5, .adam(), 5),
                Case(cell, 9, 2, 2, 3, 0, .muon(), 5), Case(cell, 9, 2, 2, 3, 0, .muon(), 5, embeddingSize: 4),
                Case(cell, 10, 1, 3, 3, 0.3, .rmsProp(), 8, embeddingSize: 12),
                Case(cell, 10, 1, 2, 3, 0.3, .rmsProp(), 20, embeddingSize: 12),
            ]
        }

        init(
            _ cell: RecurrentCell, _ hiddenSize: Int, _ layerCount: Int, _ batchSize: Int, _ sequenceLength: Int,
            _ dropout: Float, _ optimizer: Optimizer, _ alphabet: Int, embeddingSize: Int? = nil
        ) {
            self.embeddingSize = embeddingSize
            (self.cell, self.hiddenSize, self.layerCount) = (cell, hiddenSize, layerCount)
            (self.batchSize, self.sequenceLength, self.alphabet) = (batchSize, sequenceLength, alphabet)
            (self.dropout, self.optimizer) = (dropout, optimizer)
        }

        var run: Run {
            let letters = Array("abcdefghijklmnopqrstuvwxyz".prefix(alphabet))
            let text = String((0..<200).map { letters[$0 * $0 % alphabet * 3 % alphabet] } + letters)
            return Run(
                cell: cell, dropout: dropout, hiddenSize: hiddenSize, layerCount: layerCount,
                embeddingSize: embeddingSize, batchSize: batchSize, sequenceLength: sequenceLength, text: text,
                options: .init(optimizer: optimizer))
        }

        func bytes(_ configuration: LanguageModel.Configuration, guarded: Bool) -> Int {
            configuration.trainingBytes(
                batchSize: batchSize, sequenceLength: sequenceLength, optimizer: optimizer, guarded: guarded)
        }
    }

    @Test(arguments: Case.all)
    func theFormulaIsWhatIsHeld(_ example: Case) throws {
        let backend = try CountingBackend()
        let device = Device(
            id: "cpu", kind: .cpu, vendor: "", name: "", platform: "", version: "", memoryBytes: Device.cpu.memoryBytes
        ) { backend }
        let trainer = try example.run.trainer(on: device)
        let configuration = trainer.model.configuration
        #expect(configuration.vocabulary.count == example.alphabet)
        #expect(backend.heldBytes == example.bytes(configuration, guarded: false))
        #expect(backend.largestHeldBytes == backend.heldBytes, "nothing more on the way")

        for _ in 0..<3 { _ = try trainer.step() }
        #expect(backend.largestHeldBytes == backend.heldBytes, "a step allocates nothing")
        #expect(backend.heldBytes == example.bytes(configuration, guarded: false))

        let guardian = try TrainingGuard(trainer)
        for _ in 0..<3 { _ = try trainer.step() }
        #expect(try guardian.commit() == nil)
        #expect(backend.heldBytes == example.bytes(configuration, guarded: true))
        withExtendedLifetime(guardian) {}
    }

    @Test(arguments: RecurrentCell.allCases)
    func theLargestBatchFitsAndIsNotFarFromTheLimit(_ cell: RecurrentCell) {
        let configuration = LanguageModel.Configuration(
            cell: cell, vocabulary: Vocabulary(of: "abcdefg"), hiddenSize: 20, dropout: 0.5)
        func bytes(_ batchSize: Int) -> Int {
            configuration.trainingBytes(batchSize: batchSize, sequenceLength: 10, optimizer: .adam(), guarded: true)
        }
        func largest(_ memoryBytes: Int) -> Int {
            let device = Device(
                id: "cpu", kind: .cpu, vendor: "", name: "", platform: "", version: "",
                memoryBytes: UInt64(memoryBytes)
            ) { throw DeviceError.noOpenCLDevice(reason: "never opened") }
            return configuration.largestBatchSize(
                on: device, sequenceLength: 10, optimizer: .adam(), guarded: true)
        }
        for memoryBytes in [1 << 20, 3_000_000, 1 << 30] {
            let size = largest(memoryBytes)
            #expect(size > 0)
            #expect(bytes(max(1, size)) <= memoryBytes)
            #expect(Double(bytes(size + 1)) > 0.8 * Double(memoryBytes), "\(size) of \(memoryBytes) bytes")
        }
        #expect(largest(bytes(1)) == 0, "with nothing left to spare")
    }

    @Test func devicesThatShareABatchHaveRoomForTheirSharesAlone() {
        let configuration = LanguageModel.Configuration(vocabulary: Vocabulary(of: "abcdefg"), hiddenSize: 20)
        func device(_ kind: Device.Kind, _ megabytes: UInt64) -> Device {
            Device(
                id: "made up", kind: kind, vendor: "", name: "", platform: "", version: "",
                memoryBytes: megabytes << 20
            ) { throw DeviceError.noOpenCLDevice(reason: "never opened") }
        }
        func largest(_ devices: Device...) -> Int {
            configuration.largestBatchSize(
                on: devices[0], sharingWith: Array(devices.dropFirst()), sequenceLength: 10, optimizer: .rmsProp())
        }
        let gpu = device(.discreteGPU, 64)
        let alone = largest(gpu)
        let two = largest(gpu, gpu)
        #expect(two.isMultiple(of: 2) && two > alone * 19 / 10 && two < alone * 2, "gradients and losses take some")
        #expect(largest(gpu, device(.discreteGPU, 16)) < alone, "the smaller one decides")
        // The CPU and OpenCL on it have one memory.
        let both = largest(device(.cpu, 64), device(.openCLProcessor, 64))
        #expect(both < largest(device(.openCLProcessor, 64)) * 11 / 10)
        #expect(both > largest(device(.openCLProcessor, 64)) / 2)
    }

    /// torch-rnn's LSTM.lua states N·T·D + 6·N·T·H + 8·N·H + 8·H² + 8·D·H + 9·H numbers for a layer with D inputs. Its
    /// network adds embeddings of 64 and a linear layer with outputs and gradients, its loss three times N·T·V, and its
    /// optimizer, Adam, three times the parameters.
    private func torchRNNBytes(_ configuration: LanguageModel.Configuration, batchSize n: Int, steps t: Int) -> Int {
        let (h, v, embedding) = (configuration.hiddenSize, configuration.vocabulary.count, 64)
        var (count, parameters) = (2 * v * embedding + n * t * embedding, v * embedding)
        for layer in 0..<configuration.layerCount {
            let d = layer == 0 ? embedding : h
            count += n * t * d + 6 * n * t * h + 8 * n * h + 8 * h * h + 8 * d * h + 9 * h
            parameters += 4 * h * (d + h + 1)
        }
        count += 2 * (h + 1) * v + n * t * (v + h) + 3 * n * t * v
        parameters += (h + 1) * v
        return 4 * (count + 3 * parameters)
    }

    @Test(arguments: [1, 2, 3], [64, 128, 256, 512, 700])
    func noMoreThanTorchRNN(layerCount: Int, hiddenSize: Int) {
        let letters = String(String.UnicodeScalarView((33..<98).map { Unicode.Scalar($0) }))
        let configuration = LanguageModel.Configuration(
            vocabulary: Vocabulary(of: letters), hiddenSize: hiddenSize, layerCount: layerCount)
        let ours = configuration.trainingBytes(batchSize: 50, sequenceLength: 50, optimizer: .adam())
        #expect(ours <= torchRNNBytes(configuration, batchSize: 50, steps: 50))
    }
}

/// The CPU's backend, which counts the bytes of the buffers that are in use.
private final class CountingBackend: PassingBackend, @unchecked Sendable {
    private struct Holding: Sendable {
        weak let storage: Storage?
        let byteCount: Int
    }
    private let account = Mutex<(holdings: [Holding], largest: Int)>(([], 0))

    override func makeBuffer<Element>(of type: Element.Type, count: Int) throws -> Buffer<Element> {
        let buffer = try super.makeBuffer(of: type, count: count)
        account.withLock {
            $0.holdings.append(Holding(storage: buffer.storage, byteCount: count * MemoryLayout<Element>.stride))
            $0.largest = max($0.largest, Self.bytes($0.holdings))
        }
        return buffer
    }

    /// Now.
    var heldBytes: Int { account.withLock { Self.bytes($0.holdings) } }
    /// At any time so far.
    var largestHeldBytes: Int { account.withLock { $0.largest } }

    private static func bytes(_ holdings: [Holding]) -> Int {
        holdings.reduce(0) { $0 + ($1.storage == nil ? 0 : $1.byteCount) }
    }
}
