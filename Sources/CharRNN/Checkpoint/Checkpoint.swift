import FoundationEssentials
import OpenCLCompute

/// A model at rest, with the run that made it: one safetensors file, the same from every device.
///
/// In Python: `tensors = safetensors.torch.load_file(path)`. The tensors carry PyTorch's names and layout, so
/// `torch.nn.LSTM` and `torch.nn.RNN` load them unchanged under the prefix `rnn.`, `torch.nn.Linear` under `decoder.`.
public struct Checkpoint: Sendable {
    /// The model's cell, sizes and vocabulary.
    public let configuration: LanguageModel.Configuration
    /// What else the writer wants to be remembered, such as the options of the command line. A trainer that resumes does not
    /// know of it; who writes its checkpoints says it again.
    public var options: [String: String] = [:]
    /// In how many bits the file has the weights; what is learned further comes of `float32` alone.
    public let precision: WeightPrecision
    /// In the order of the layout.
    let parameters: [Float]
    /// The run, when there is one to continue.
    let training: TrainingProgress?

    /// Weights from elsewhere, by the names and in the shapes of ``tensors``; the order does not matter. A name that stands
    /// twice, or values that do not fill their shape, are programmer errors.
    ///
    /// - Throws: ``CheckpointError/missing(path:tensor:)``, ``CheckpointError/shape(path:tensor:found:expected:)``.
    public init(_ configuration: LanguageModel.Configuration, tensors: [Tensor]) throws {
        for tensor in tensors { tensor.check() }
        precondition(Set(tensors.map(\.name)).count == tensors.count, "a name twice among \(tensors.map(\.name))")
        let named = NamedTensors(tensors.map { StoredTensor($0) }, path: "the list of tensors")
        self.init(configuration, parameters: try configuration.layout.values(from: named))
    }

    /// Weights in the order of the layout, with the run that made them if it is to be continued.
    init(
        _ configuration: LanguageModel.Configuration, parameters: [Float], training: TrainingProgress? = nil,
        options: [String: String] = [:], precision: WeightPrecision = .float32
    ) {
        self.configuration = configuration
        self.precision = precision
        self.options = options
        self.parameters = parameters
        self.training = training
    }

    // MARK: What a run has left in it

    /// The steps taken; 0 without a run.
    public var iteration: Int { training?.position.iteration ?? 0 }
    /// Passes over the training batches; 0 without a run.
    public var epoch: Double {
        training.map { training in
            let batches = Double(training.position.iteration) * Double(training.position.options.batchesPerStep)
            return batches / Double(training.position.dataset.trainingBatches)
        } ?? 0
    }
    /// The loss of each step from the first, in nats per character.
    public var losses: [Float] { training?.losses ?? [] }
    /// By iteration.
    public var validationLosses: [Int: Double] { training?.position.validationLosses ?? [:] }
    /// Of the next step.
    public var learningRate: Float? { training?.position.learningRate }
    /// The optimizer, clipping, decay and seed of the run.
    public var trainingOptions: TrainingOptions? { training?.position.options }
    /// B and S of the run.
    public var batchShape: (batchSize: Int, sequenceLength: Int)? {
        training.map { ($0.position.dataset.batchSize, $0.position.dataset.sequenceLength) }
    }
    /// How many numbers are learned.
    public var parameterCount: Int { parameters.count }
    /// What is learned, with PyTorch's names and shapes, which the article Checkpoint files lists.
    public var tensors: [Tensor] { configuration.layout.tensors(from: parameters) }
}
