import Foundation
import TestSupport
import Testing

/// A way in which a checkpoint file may be wrong.
struct CheckpointDamage: CustomTestStringConvertible {
    let name: String
    let apply: @Sendable (inout TensorFile) -> Void
    var testDescription: String { name }

    init(_ name: String, _ apply: @escaping @Sendable (inout TensorFile) -> Void) {
        self.name = name
        self.apply = apply
    }

    /// A change of the numbers in the metadata.
    static func edit(_ key: String, _ old: String, _ new: String) -> CheckpointDamage {
        CheckpointDamage("\(key): \(new)") { $0.edit(key, old, new) }
    }
}

extension TensorFile {
    /// Takes a tensor out with its numbers; those behind them move up.
    mutating func remove(_ name: String) {
        func place(_ name: String) -> [Int] { (header[name] as? [String: Any])?["data_offsets"] as? [Int] ?? [0, 0] }
        let gone = place(name)
        header[name] = nil
        numbers.removeSubrange(gone[0]..<gone[1])
        for other in names where place(other)[0] >= gone[1] {
            set(other, "data_offsets", place(other).map { $0 - gone[1] + gone[0] })
        }
    }
}

extension CheckpointDamage {
    static let all: [CheckpointDamage] = [
        CheckpointDamage("half precision") { $0.set("decoder.bias", "dtype", "F16") },
        CheckpointDamage("no dtype") { $0.set("decoder.bias", "dtype", nil) },
        CheckpointDamage("no shape") { $0.set("decoder.bias", "shape", nil) },
        CheckpointDamage("no offsets") { $0.set("decoder.bias", "data_offsets", nil) },
        CheckpointDamage("a negative shape") { $0.set("decoder.bias", "shape", [-7]) },
        CheckpointDamage("a doubly negative shape") { $0.set("decoder.weight", "shape", [-7, -5]) },
        CheckpointDamage("an overflowing shape") { $0.set("decoder.bias", "shape", [1 << 62, 1 << 62]) },
        CheckpointDamage("a shape that overflows to its size") { $0.set("decoder.bias", "shape", [Int.max, 7]) },
        CheckpointDamage("a huge shape") { $0.set("decoder.bias", "shape", [1 << 40]) },
        CheckpointDamage("a fractional shape") { $0.set("decoder.bias", "shape", [3.5, 2]) },
        CheckpointDamage("another shape of the same size") { $0.set("decoder.weight", "shape", [5, 7]) },
        CheckpointDamage("a flat weight") { $0.set("decoder.weight", "shape", [35]) },
        CheckpointDamage("one offset") { $0.set("decoder.bias", "data_offsets", [0]) },
        CheckpointDamage("three offsets") { $0.set("decoder.bias", "data_offsets", [0, 28, 28]) },
        CheckpointDamage("backward offsets") { $0.set("decoder.bias", "data_offsets", [28, 0]) },
        CheckpointDamage("negative offsets") { $0.set("decoder.bias", "data_offsets", [-28, 0]) },
        CheckpointDamage("offsets beyond the file") {
            $0.set("decoder.bias", "data_offsets", [1 << 40, 1 << 40 + 28])
        },
        CheckpointDamage("an overlap") { $0.set("decoder.bias", "data_offsets", [0, 28]) },
        CheckpointDamage("a tensor that is not an object") { $0.header["decoder.bias"] = 3 },
        CheckpointDamage("a missing tensor") { $0.header["decoder.bias"] = nil },
        CheckpointDamage("a missing moment") { $0.header["training.mean_square.decoder.bias"] = nil },
        CheckpointDamage("numbers cut short") { $0.numbers.removeLast() },
        CheckpointDamage("numbers too many") { $0.numbers.append(0) },
        CheckpointDamage("no numbers") { $0.numbers = Data() },
        CheckpointDamage("an empty header") { $0.header = [:] },
        CheckpointDamage("no metadata") { $0.header["__metadata__"] = nil },
        CheckpointDamage("metadata of numbers") { $0.header["__metadata__"] = ["format": 1] },
        CheckpointDamage("another format") { $0.metadata["format"] = "pt" },
        CheckpointDamage("no configuration") { $0.metadata["configuration"] = nil },
        CheckpointDamage("no options") { $0.metadata["options"] = nil },
        CheckpointDamage("a configuration that is no JSON") { $0.metadata["configuration"] = "{NaN" },
        CheckpointDamage("a training position that is no JSON") { $0.metadata["training"] = "NaN" },
        CheckpointDamage("a training position without numbers") { $0.metadata["training"] = "{}" },
        edit("configuration", "\"hiddenSize\":5", "\"hiddenSize\":0"),
        edit("training", "\"clipping\":{\"value\":{\"_0\":5}}", "\"clipping\":{\"value\":{\"_0\":0}}"),
        edit("training", "\"clipping\":{\"value\":{\"_0\":5}}", "\"clipping\":{\"norm\":{\"_0\":-1}}"),
        edit("training", "\"clipping\":{\"value\":{\"_0\":5}}", "\"clipping\":{\"value\":{\"_0\":\"nan\"}}"),
        edit("training", "\"clipping\":{", "\"stateResets\":1.5,\"clipping\":{"),
        edit("configuration", "\"hiddenSize\":5", "\"hiddenSize\":-5"),
        edit("configuration", "\"hiddenSize\":5", "\"hiddenSize\":6"),
        edit("configuration", "\"hiddenSize\":5", "\"hiddenSize\":\(Int.max)"),
        edit("configuration", "\"hiddenSize\":5", "\"hiddenSize\":1e300"),
        edit("configuration", "\"layerCount\":2", "\"layerCount\":3"),
        edit("configuration", "\"layerCount\":2", "\"layerCount\":\(Int.max)"),
        edit("configuration", "\"dropout\":0", "\"dropout\":1"),
        edit("configuration", "\"dropout\":0", "\"dropout\":\"nan\""),
        edit("configuration", "\"cell\":\"lstm\"", "\"cell\":\"gru\""),
        edit("configuration", "\"cell\":\"lstm\"", "\"cell\":\"qrnn\""),
        edit("configuration", "\"a\",\"b\"", "\"b\",\"a\""),
        edit("configuration", "\"a\",\"b\"", "\"a\",\"a\""),
        edit("configuration", "\"a\",\"b\"", "\"a\""),
        edit("training", "\"iteration\":2", "\"iteration\":-2"),
        edit("training", "\"iteration\":2", "\"iteration\":3"),
        edit("training", "\"iteration\":2", "\"iteration\":\(Int.max)"),
        edit("training", "\"batchSize\":3", "\"batchSize\":0"),
        edit("training", "\"batchSize\":3", "\"batchSize\":\(Int.max)"),
        edit("training", "\"trainingBatches\":8", "\"trainingBatches\":0"),
        edit("training", "\"sequenceLength\":4", "\"sequenceLength\":-4"),
        edit("training", "\"validationLosses\":{}", "\"validationLosses\":{\"\(Int.min)\":1}"),
        edit("training", "\"validationLosses\":{}", "\"validationLosses\":{\"-1\":1}"),
        edit("training", "\"validationLosses\":{}", "\"validationLosses\":{\"3\":1}"),
        CheckpointDamage("a negative learning rate") {
            $0.metadata["training"]!.replace(#/"learningRate":[0-9.e-]+,/#, with: "\"learningRate\":-0.002,")
        },
        CheckpointDamage("a negative decay") {
            $0.metadata["training"]!.replace(#/"factor":[0-9.e-]+,/#, with: "\"factor\":-0.97,")
        },
    ]
}
