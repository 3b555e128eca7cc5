import CharRNN

/// How fast a device is where training spends its time. Each figure takes a fraction of a second.
struct DeviceSpeed: Encodable {
    /// A matrix product of one of the model's shapes.
    struct Product: Encodable {
        /// Rows, columns and the sum's length.
        let shape: [Int]
        /// 10⁹ operations a second.
        let rate: Double
    }

    /// Of copies on the device, read and written bytes, 10⁹ a second.
    let bandwidth: Double
    /// A small operation among many, in microseconds.
    let launch: Double
    /// The same when each is waited for.
    let launchAndWait: Double
    let products: [Product]
    /// What is trained: "lstm 2x128, batches of 50x50".
    let task: String
    /// A training step.
    let secondsPerBatch: Double

    /// - Parameter progress: called between the measurements with the share that is done.
    init(
        _ configuration: LanguageModel.Configuration, dataset: TextDataset, on device: Device,
        progress: (Double) -> Void
    ) throws {
        let backend = try device.backend()
        bandwidth = try Self.bandwidth(of: backend, memoryBytes: device.memoryBytes)
        progress(0.2)
        (launch, launchAndWait) = try Self.launches(on: backend)

        let (h, cell) = (configuration.hiddenSize, configuration.cell)
        let rows = dataset.batchSize * dataset.sequenceLength
        // Of a time step, of a layer's input and of the decoder; a cell may have none in a step.
        let shapes = [
            [dataset.batchSize, cell.recurrentMatrixCount * h, h], [rows, cell.inputGates.count * h, h],
            [rows, configuration.vocabulary.count, h],
        ].filter { $0[1] > 0 }
        progress(0.3)
        products = try shapes.map { Product(shape: $0, rate: try Self.productRate($0, on: backend)) }
        progress(0.5)

        let layers = "\(configuration.layerCount)x\(h)"
        task = "\(configuration.cell) \(layers), batches of \(dataset.batchSize)x\(dataset.sequenceLength)"
        let trainer = try Trainer(model: LanguageModel(configuration, on: device, seed: 1), dataset: dataset)
        secondsPerBatch = try medianSeconds(for: 0.6, minimum: 1) {
            _ = try trainer.step().loss
            progress(0.7)
        }
    }

    /// 10⁹ bytes a second.
    static func bandwidth(of backend: any Backend, memoryBytes: UInt64) throws -> Double {
        // Beyond any cache, where there is room.
        let byteCount = Int(min(64 << 20, memoryBytes / 16))
        let buffers = try (0..<2).map { _ in try backend.makeBuffer(of: Float.self, count: byteCount / 4) }
        let time = try medianSeconds(for: 0.2, minimum: 1) {
            try backend.copy(buffers[0], to: buffers[1])
            try backend.synchronize()
        }
        return 2 * Double(byteCount) / time * 1e-9
    }

    /// The time of one in microseconds: in a queue, and alone.
    private static func launches(on backend: any Backend) throws -> (Double, Double) {
        let bias = try backend.makeBuffer(of: Float.self, count: 1)
        let matrix = Matrix(try backend.makeBuffer(of: Float.self, count: 1), rows: 1, columns: 1)
        func time(of count: Int) throws -> Double {
            try medianSeconds(for: 0.1) {
                for _ in 0..<count { try backend.addBias(bias, to: matrix) }
                try backend.synchronize()
            } / Double(count) * 1e6
        }
        return (try time(of: 200), try time(of: 1))
    }

    private static func productRate(_ shape: [Int], on backend: any Backend) throws -> Double {
        func matrix(_ rows: Int, _ columns: Int) throws -> Matrix {
            Matrix(try backend.makeBuffer(of: Float.self, count: rows * columns), rows: rows, columns: columns)
        }
        let (m, n, k) = (shape[0], shape[1], shape[2])
        let (a, b, c) = (try matrix(m, k), try matrix(k, n), try matrix(m, n))
        let time = try medianSeconds(for: 0.1, minimum: 1) {
            try backend.multiply(a, b, into: c)
            try backend.synchronize()
        }
        return 2 * Double(m) * Double(n) * Double(k) / time * 1e-9
    }
}

extension DeviceSpeed {
    /// Lines of a report.
    var text: String {
        let rates = products.map { product in
            "\(product.shape.map(String.init).joined(separator: "x")) \(fixed(product.rate, 1))"
        }
        return """
              memory    \(fixed(bandwidth, 1)) GB/s
              launch    \(Self.time(launch)) in a queue, \(Self.time(launchAndWait)) alone
              products  \(rates.joined(separator: ", ")) GFLOP/s
              training  \(fixed(1000 * secondsPerBatch, 1)) ms a batch (\(task))
            """
    }

    private static func time(_ microseconds: Double) -> String {
        microseconds < 1 ? "\(fixed(1000 * microseconds, 0)) ns" : "\(fixed(microseconds, 1)) us"
    }

    /// Whether to use a device of this speed in place of the CPU, which has that one.
    func verdict(against cpu: DeviceSpeed) -> String {
        let ratio = cpu.secondsPerBatch / secondsPerBatch
        func times(_ factor: Double) -> String { "\(fixed(factor, factor < 9.95 ? 1 : 0))x" }
        if ratio > 1.1 { return "use it: \(times(ratio)) your CPU for this model" }
        if ratio < 0.9 { return "your CPU is faster for this model (\(times(1 / ratio))); use --device cpu" }
        return "as fast as your CPU for this model"
    }
}
