import FoundationEssentials
import OpenCLCompute

extension Checkpoint {
    /// The weights of a model.
    ///
    /// - Throws: `DeviceError`.
    public init(of model: LanguageModel) throws {
        self.init(model.configuration, parameters: try model.parameterValues(), precision: model.precision)
    }
}

extension LanguageModel {
    /// The model of a checkpoint file.
    ///
    /// - Parameters:
    ///   - url: of the file.
    ///   - device: where it computes.
    ///   - precision: how it multiplies, whatever the file holds; when nil as the file has its weights, or in floats where
    ///     the device does not multiply by others.
    /// - Throws: ``CheckpointError``, `DeviceError`.
    public convenience init(
        contentsOf url: URL, on device: Device = .default, precision: WeightPrecision? = nil
    ) throws {
        try self.init(Checkpoint(modelOf: url), on: device, precision: precision)
    }

    /// The model of a checkpoint, on any device.
    ///
    /// - Parameters:
    ///   - checkpoint: the model at rest.
    ///   - device: where it computes.
    ///   - precision: how it multiplies, whatever the checkpoint holds; when nil as the checkpoint has its weights, or in
    ///     floats where the device does not multiply by others.
    /// - Throws: `DeviceError`.
    public convenience init(
        _ checkpoint: Checkpoint, on device: Device = .default, precision: WeightPrecision? = nil
    ) throws {
        let precision = precision ?? (device.multipliesInt8 ? checkpoint.precision : .float32)
        try self.init(
            checkpoint.configuration, values: checkpoint.values(in: precision), on: device, precision: precision)
    }
}
