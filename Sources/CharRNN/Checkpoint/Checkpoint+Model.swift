import FoundationEssentials
import OpenCLCompute

extension Checkpoint {
    /// The weights of a model.
    ///
    /// - Throws: `DeviceError`.
    public init(of model: LanguageModel) throws {
        self.init(model.configuration, parameters: try model.parameterValues())
    }
}

extension LanguageModel {
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
}
