import CharRNNFiles
import FoundationEssentials
import OpenCLCompute

/// A recurrent network that gives each character the probability of following those before it.
///
/// One-hot characters enter L recurrent layers of H units; a linear decoder with a softmax reads the top layer. With
/// dropout, units between layers and before the decoder are dropped in training, never in time.
///
/// A model may be used by many tasks at once, except while a ``Trainer`` changes it.
public final class LanguageModel: Sendable {
    /// What a model is before it has learned anything; the defaults are char-rnn's.
    public struct Configuration: Codable, Hashable, Sendable {
        /// The kind of layer.
        public var cell: RecurrentCell
        /// V tokens, which the model reads and predicts.
        public var vocabulary: Vocabulary
        /// H, the units of each layer.
        public var hiddenSize: Int
        /// L
        public var layerCount: Int
        /// The probability of dropping a unit in training: 0 ≤ p < 1.
        public var dropout: Float

        /// Sizes below 1 and a dropout outside [0, 1) are programmer errors.
        public init(
            cell: RecurrentCell = .lstm, vocabulary: Vocabulary, hiddenSize: Int = 128, layerCount: Int = 2,
            dropout: Float = 0
        ) {
            precondition(
                hiddenSize > 0 && layerCount > 0 && vocabulary.count > 0,
                "a model of \(layerCount) layers of \(hiddenSize) units over \(vocabulary.count) tokens")
            precondition(dropout >= 0 && dropout < 1, "dropout \(dropout) is not in [0, 1)")
            self.cell = cell
            self.vocabulary = vocabulary
            self.hiddenSize = hiddenSize
            self.layerCount = layerCount
            self.dropout = dropout
        }

        /// The number of parameters, whatever the sizes: nothing overflows.
        var parameterEstimate: Double {
            let (h, v, g) = (Double(hiddenSize), Double(vocabulary.count), Double(cell.gateCount))
            let upperLayers = Double(layerCount - 1) * 2 * g * h * (h + 1)
            return g * h * (v + h + 2) + upperLayers + (h + 1) * v
        }

        /// The parameters' layout, once it is sure that they are not too many for `device`, for the host or for a number.
        ///
        /// - Throws: `DeviceError/outOfMemory(requestedBytes:limitBytes:memoryBytes:device:)`.
        func layout(fitting device: Device) throws -> ParameterLayout {
            // On their way to the CPU device they lie in the same memory a second time.
            let bytes = (device.kind == .cpu ? 8 : 4) * parameterEstimate
            guard bytes <= Double(device.memoryBytes) else {
                throw DeviceError.outOfMemory(
                    requestedBytes: Int(min(bytes, 0x1p62)), limitBytes: Int(device.memoryBytes),
                    memoryBytes: Int(device.memoryBytes), device: device.description)
            }
            try HostMemory.require(Int(4 * parameterEstimate))
            return layout
        }

        var layout: ParameterLayout {
            ParameterLayout(
                cell: cell, vocabularySize: vocabulary.count, hiddenSize: hiddenSize, layerCount: layerCount)
        }
    }

    public let configuration: Configuration
    /// Where the model computes.
    public let device: Device
    let backend: any Backend
    let parameters: Parameters

    public var vocabulary: Vocabulary { configuration.vocabulary }
    /// How many numbers are learned.
    public var parameterCount: Int { parameters.layout.count }

    /// A new model, drawn as char-rnn draws it: every weight and bias uniform in ±0.08, then the forget gates' input
    /// biases of an LSTM 1, so that it remembers from the start (Jozefowicz et al. 2015).
    ///
    /// - Throws: `DeviceError` when the device cannot be used or has not enough memory.
    public convenience init(
        _ configuration: Configuration, on device: Device = .default, using generator: inout some RandomNumberGenerator
    ) throws {
        let layout = try configuration.layout(fitting: device)
        var values = (0..<layout.count).map { _ in Float((2 * generator.uniform() - 1) * 0.08) }
        if configuration.cell == .lstm { TorchInitialization.openForgetGates(&values, configuration) }
        try self.init(configuration, values: values, on: device)
    }

    /// A new model with the very weights that char-rnn draws for `seed` (of which it uses 32 bits).
    ///
    /// - Throws: `DeviceError` when the device cannot be used or has not enough memory.
    public convenience init(_ configuration: Configuration, on device: Device = .default, seed: UInt64) throws {
        _ = try configuration.layout(fitting: device)
        try self.init(configuration, values: TorchInitialization.values(configuration, seed: seed), on: device)
    }

    /// The model of a checkpoint file.
    ///
    /// - Throws: ``CheckpointError``, `DeviceError`.
    public convenience init(contentsOf url: URL, on device: Device = .default) throws {
        try self.init(Checkpoint(contentsOf: url), on: device)
    }

    /// The model of a checkpoint, on any device.
    ///
    /// - Throws: `DeviceError`.
    public convenience init(_ checkpoint: Checkpoint, on device: Device = .default) throws {
        try self.init(checkpoint.configuration, values: checkpoint.parameters, on: device)
    }

    /// A copy of a model as it is now, which a ``Trainer`` of the original does not change. Not to be made during a step.
    ///
    /// - Throws: `DeviceError`.
    public convenience init(copying model: LanguageModel, on device: Device? = nil) throws {
        let device = device ?? model.device
        try self.init(model.configuration, values: model.parameterValues(), on: device)
    }

    private init(_ configuration: Configuration, values: [Float], on device: Device) throws {
        self.configuration = configuration
        self.device = device
        backend = try device.backend()
        parameters = try Parameters(configuration.layout, on: backend)
        try backend.write(values, to: parameters.buffer)
    }

    /// All parameters, in the order of the layout.
    package func parameterValues() throws -> [Float] { try backend.read(parameters.buffer) }

    /// Replaces all parameters, for tests of what bad ones do.
    package func setParameterValues(_ values: [Float]) throws { try backend.write(values, to: parameters.buffer) }
}
