import CharRNN
import Glibc

/// The figures of one device for one model.
struct BenchResult: Encodable {
    let device: String
    let name: String
    let parameters: Int
    /// A training step.
    let secondsPerBatch: Double
    let trainedPerSecond: Double
    /// The floating-point operations of the step's products.
    let operationsPerBatch: Double
    /// Of large products, 10⁹ operations a second.
    let productRate: Double
    /// The step's rate in terms of that.
    let share: Double
    /// What the processor gives at most, measured last, since it takes memory; nil of other devices.
    private(set) var limits: ProcessorLimits?
    /// The step's rate in terms of multiply-adds from registers.
    private(set) var shareOfRegisters: Double?
    /// The weights that a written character reads, in bytes.
    let bytesPerCharacter: Int
    /// The rate at which they are read, in terms of reads of the cache that holds them, or of memory.
    private(set) var shareOfReads: Double?
    /// In sampling.
    let precision: WeightPrecision
    /// Characters written one after the other.
    let sampledPerSecond: Double
    /// Characters of 64 texts side by side, all together.
    let groupSampledPerSecond: Double
    /// Of the process up to the end of the training; with several devices, of all that were measured before as well.
    let peakMemoryBytes: Int
    /// Of a training step, where it was asked for.
    var profile: StepProfile?

    init(
        _ configuration: LanguageModel.Configuration, dataset: TextDataset, on device: Device,
        precision: WeightPrecision, seconds: Double
    ) throws {
        let model = try LanguageModel(configuration, on: device, seed: 1)
        let trainer = try Trainer(model: model, dataset: dataset)
        self.device = device.id
        name = device.name
        parameters = model.parameterCount
        secondsPerBatch = try medianSeconds(for: seconds) { _ = try trainer.step().loss }
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        peakMemoryBytes = usage.ru_maxrss * 1024
        let characters = Double(dataset.batchSize * dataset.sequenceLength)
        trainedPerSecond = characters / secondsPerBatch
        operationsPerBatch = characters * Self.operationsPerCharacter(configuration)
        productRate = try Self.productRate(on: device, seconds: min(1, seconds))
        share = operationsPerBatch / secondsPerBatch * 1e-9 / productRate

        self.precision = precision
        let reader =
            precision == .float32 ? model : try LanguageModel(Checkpoint(of: model), on: device, precision: precision)
        var session = try reader.makeSession()
        let burst = 100
        sampledPerSecond =
            try Double(burst)
            / medianSeconds(for: seconds) {
                for _ in 0..<burst { try session.feed(session.next.greedy) }
            }
        bytesPerCharacter = Int(Self.weightsPerCharacter(configuration)) * (precision == .int8 ? 1 : 4)
        let group = try reader.makeSessionGroup(count: 64)
        groupSampledPerSecond =
            try Double(group.count) / medianSeconds(for: seconds) { try group.feed(group.next.map(\.greedy)) }
    }

    /// Measures the limits of the device and holds the figures against them.
    mutating func measureLimits(of device: Device, seconds: Double) throws {
        guard let limits = try device.limits(seconds: min(0.1, seconds)) else { return }
        self.limits = limits
        shareOfRegisters = operationsPerBatch / secondsPerBatch * 1e-9 / limits.rate
        let read = Double(bytesPerCharacter) * sampledPerSecond * 1e-9
        shareOfReads = read / limits.reads(of: bytesPerCharacter).rate
    }

    /// Multiplications and additions of the products for one character: forward once, backward twice.
    private static func operationsPerCharacter(_ configuration: LanguageModel.Configuration) -> Double {
        3 * 2 * weightsPerCharacter(configuration)
    }

    /// Those that a character is multiplied by. The first layer's input is one-hot, a look-up.
    private static func weightsPerCharacter(_ configuration: LanguageModel.Configuration) -> Double {
        let h = Double(configuration.hiddenSize)
        let (layers, cell) = (configuration.layerCount, configuration.cell)
        let matrices = Double((layers - 1) * cell.inputGates.count + layers * cell.recurrentMatrixCount)
        return matrices * h * h + h * Double(configuration.vocabulary.count)
    }

    /// The device's rate for a product of two 1024 × 1024 matrices.
    private static func productRate(on device: Device, seconds: Double) throws -> Double {
        let backend = try device.backend()
        let side = 1024
        let matrices = try (0..<3).map { _ in
            Matrix(try backend.makeBuffer(of: Float.self, count: side * side), rows: side, columns: side)
        }
        let time = try medianSeconds(for: seconds) {
            try backend.multiply(matrices[0], matrices[1], into: matrices[2])
            try backend.synchronize()
        }
        return 2 * Double(side * side * side) / time * 1e-9
    }

    var text: String {
        let figures = """
            \(device) (\(name)), \(Count(parameters)) parameters
              training: \(fixed(1000 * secondsPerBatch, 2)) ms a batch, \(Count(Int(trainedPerSecond))) \
            characters a second
              products: \(fixed(operationsPerBatch * 1e-9, 2)) GFLOP a batch, \(fixed(100 * share, 0)) % of the device's \
            \(fixed(productRate, 0)) GFLOP/s
              sampling\(precision == .int8 ? " in 8 bits" : ""): \(Count(Int(sampledPerSecond))) characters a second, \
            \(Count(Int(groupSampledPerSecond))) of 64 texts together
              peak memory of training: \(Count(peakMemoryBytes >> 20)) MB
            """
        return printable(([figures] + limitLines + (profile?.lines ?? [])).joined(separator: "\n"))
    }

    private var limitLines: [String] {
        guard let limits, let shareOfRegisters, let shareOfReads else { return [] }
        let level = limits.reads(of: bytesPerCharacter).level
        let reads = limits.reads.map { reads in
            "\(reads.level) (\(reads.byteCount < 1 << 20 ? "\(reads.byteCount >> 10) KB" : "\(reads.byteCount >> 20) MB")) "
                + fixed(reads.rate, 0)
        }
        let threads =
            limits.threadCount == 1 ? "" : ", \(fixed(limits.threadRate, 0)) on one of \(limits.threadCount) threads"
        return [
            "  limit of products: \(fixed(limits.rate, 0)) GFLOP/s from registers by \(limits.instructions)\(threads)",
            "    training reaches \(fixed(100 * shareOfRegisters, 0)) %; \(limits.blas): \(fixed(limits.blasRate, 0)) GFLOP/s",
            "  limit of reads: \(reads.joined(separator: ", ")) GB/s",
            "    sampling reaches \(fixed(100 * shareOfReads, 0)) % of \(level)'s, \(Count(bytesPerCharacter >> 10)) "
                + "KB of weights a character",
        ]
    }
}

/// The median of ``sortedSeconds(for:minimum:_:)``.
func medianSeconds(for seconds: Double, minimum: Int = 5, _ work: () throws -> Void) rethrows -> Double {
    let times = try sortedSeconds(for: seconds, minimum: minimum, work)
    return times[times.count / 2]
}

/// The times of `work`, the shortest first, repeated for about `seconds`, at least `minimum` times, after a warm-up of a third
/// of that and after a first time, in which drivers still compile for the shapes at hand.
func sortedSeconds(for seconds: Double, minimum: Int, _ work: () throws -> Void) rethrows -> [Double] {
    func time() throws -> Double {
        let start = ContinuousClock.now
        try work()
        return start.duration(to: .now).inSeconds
    }
    _ = try time()
    var spent = 0.0
    while spent < seconds / 3 { spent += try time() }
    spent = 0
    var times: [Double] = []
    while times.count < minimum || spent < seconds {
        times.append(try time())
        spent += times.last!
    }
    return times.sorted()
}
