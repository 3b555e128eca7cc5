import CharRNNFiles
import OpenCLCompute

/// A recurrent network that gives each character the probability of following those before it.
///
/// Characters enter L recurrent layers of H units, one-hot or embedded; a linear decoder with a softmax reads the top
/// layer. With dropout, units between layers and before the decoder are dropped in training, never in time.
///
/// A model may be used by many tasks at once, except while a ``Trainer`` changes it. Afterwards the sessions that had begun
/// with it throw ``ChangedModelError``; those of a copy go on.
public final class LanguageModel: Sendable {
    /// The sizes of the network, and its vocabulary.
    public let configuration: Configuration
    /// In how many bits its weights are multiplied. One of `int8` is not trained.
    public let precision: WeightPrecision
    /// Where the model computes.
    public let device: Device
    let backend: any Backend
    let parameters: Parameters
    let revisions = ModelRevisions()

    /// The tokens that it reads and writes.
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
        try self.init(configuration, values: layout.uniformValues(using: &generator), on: device)
    }

    /// A copy of a model as it is now, which a ``Trainer`` of the original does not change. Not to be made during a step.
    ///
    /// - Throws: `DeviceError`.
    public convenience init(copying model: LanguageModel, on device: Device? = nil) throws {
        let device = device ?? model.device
        try self.init(
            model.configuration, values: model.parameterValues(), on: device, precision: model.precision)
    }

    /// With these parameters, in the order of the layout; those of `int8` are rounded already.
    init(
        _ configuration: Configuration, values: [Float], on device: Device, precision: WeightPrecision = .float32
    ) throws {
        guard precision == .float32 || device.multipliesInt8 else {
            throw DeviceError.noInt8(device: device.description)
        }
        self.configuration = configuration
        self.precision = precision
        self.device = device
        backend = try device.backend()
        let parameters = try Parameters(configuration.layout, on: backend)
        try backend.write(values, to: parameters.buffer)
        self.parameters = precision == .int8 ? try parameters.quantized() : parameters
    }

    /// All parameters as they are now, with PyTorch's names and shapes, which the article Checkpoint files lists.
    ///
    /// - Throws: `DeviceError`.
    public func tensors() throws -> [Tensor] { parameters.layout.tensors(from: try parameterValues()) }

    /// All parameters, in the order of the layout.
    package func parameterValues() throws -> [Float] { try backend.read(parameters.buffer) }

    /// Replaces all parameters: of a model that is made for a run to be resumed, and in tests of what bad ones do.
    package func setParameterValues(_ values: [Float]) throws {
        precondition(precision == .float32, "new parameters for a model of \(precision)")
        try backend.write(values, to: parameters.buffer)
        revisions.forgetFingerprint()
    }
}
