import FoundationEssentials
import OpenCLCompute

extension Checkpoint {
    /// The same weights for a file of another precision, without the run that made them; as it is where it has that. To
    /// `int8` they are rounded. What was rounded stays so in floats, but can be trained again.
    ///
    /// - Throws: ``BrokenModelError`` when a weight is not finite, which has no whole number.
    public func converted(to precision: WeightPrecision) throws -> Checkpoint {
        guard precision != self.precision else { return self }
        guard precision == .float32 || parameters.allSatisfy(\.isFinite) else { throw BrokenModelError() }
        return Checkpoint(configuration, parameters: values(in: precision), options: options, precision: precision)
    }

    /// The parameters as a model of that precision has them: rounded where that is `int8`, once.
    func values(in precision: WeightPrecision) -> [Float] {
        precision == .int8 && self.precision == .float32 ? configuration.layout.rounded(parameters) : parameters
    }
}

// A weight of 8 bits is a tensor of the type I8 with the weight's name and shape, and one of F32 with a scale for each row:
// NAME_scale.
extension ParameterLayout {
    /// Rounded parameters, as a file has them in 8 bits.
    func addQuantized(_ values: [Float], to contents: inout SafeTensors) {
        for (entry, tensor) in zip(entries, storedTensors(from: values)) {
            guard !entry.isBias else {
                contents.tensors.append(tensor)
                continue
            }
            let scales = scales(of: entry, in: values)
            contents.tensors.append(
                StoredTensor(
                    Tensor(name: SafeTensors.scaleName(of: entry.name), shape: [scales.count], values: scales)))
            let length = entry.rows
            let weights = tensor.values.enumerated().map { index, value in
                UInt8(bitPattern: Quantization.weight(value, scale: scales[index / length]))
            }
            contents.others.append((entry.name, "I8", tensor.shape, Data(weights)))
        }
    }
}

extension SafeTensors {
    fileprivate static func scaleName(of weight: String) -> String { weight + "_scale" }

    /// The tensors with those of 8 bits as the floats that they are.
    ///
    /// - Throws: ``CheckpointError`` for one without its scales.
    func dequantized(path: String) throws -> [StoredTensor] {
        let named = NamedTensors(tensors, path: path)
        return try tensors
            + others.compactMap { name, type, shape, bytes in
                guard type == "I8", shape.count == 2 else { return nil }
                let scales = try named.values(Self.scaleName(of: name), shape: [shape[0]])
                let values = bytes.enumerated().map { index, byte in
                    Float(Int8(bitPattern: byte)) * scales[index / shape[1]]
                }
                return StoredTensor(Tensor(name: name, shape: shape, values: values))
            }
    }
}
