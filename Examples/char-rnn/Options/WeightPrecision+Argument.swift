import ArgumentParser
import CharRNN
import FoundationEssentials

// swift-format-ignore: AvoidRetroactiveConformances
extension WeightPrecision: @retroactive ExpressibleByArgument {
    static let help: ArgumentHelp = """
        How to multiply: float32, or int8, which rounds the weights to 8 bits and is several times as fast for large \
        models, on the device cpu. Without it as the checkpoint's weights are.
        """
}

extension Checkpoint {
    /// A checkpoint whose weights can be trained.
    ///
    /// - Throws: ``Failure``, `CheckpointError`.
    static func trainable(contentsOf path: String) throws -> Checkpoint {
        let checkpoint = try Checkpoint(contentsOf: URL(named: path))
        guard checkpoint.precision == .float32 else { throw Failure("\(path): \(QuantizedWeightsError())") }
        return checkpoint
    }
}
