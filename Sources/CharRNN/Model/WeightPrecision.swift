import FoundationEssentials
import OpenCLCompute

/// In how many bits the weights of a model are, and so how it multiplies.
///
/// With `int8` a row of weights (in files: what computes one gate of a unit, or the logit of one token) is a scale times
/// whole numbers from −127 to 127. What they multiply is rounded as well, to 127 values between plus and minus its largest;
/// the sums of a product are of whole numbers and exact. Biases, states and what gates do remain floats. It is for reading
/// and writing alone: a quarter of the bytes, several times as fast where the weights are too many for a near cache, and
/// some thousandths of a nat above the loss of the floats.
public enum WeightPrecision: String, CaseIterable, Codable, Sendable {
    /// As they were learned.
    case float32
    /// Rounded. Only on devices that have `multipliesInt8`.
    case int8
}

/// A model or checkpoint with weights of 8 bits, which cannot be trained: what a step of training adds is smaller than they
/// can tell apart.
public struct QuantizedWeightsError: Error, Equatable, CustomStringConvertible {
    /// It knows nothing but its kind.
    public init() {}

    public var description: String {
        "weights of 8 bits are for reading and writing and cannot be trained further; train from the checkpoint that they "
            + "were made of"
    }
}

extension QuantizedWeightsError: LocalizedError {
    public var errorDescription: String? { description }
}

extension LanguageModel {
    /// - Throws: ``QuantizedWeightsError``.
    func requireTrainable() throws {
        if precision == .int8 { throw QuantizedWeightsError() }
    }
}

extension ParameterLayout {
    /// Parameters with the weights rounded to 8 bits and a scale for each column. Rounding them again changes nothing.
    func rounded(_ values: [Float]) -> [Float] {
        var result = values
        for entry in entries where !entry.isBias {
            let scales = scales(of: entry, in: values)
            for row in 0..<entry.rows {
                for column in 0..<entry.columns {
                    let index = entry.index(row: row, column: column)
                    let weight = Quantization.weight(values[index], scale: scales[column])
                    result[index] = Float(weight) * scales[column]
                }
            }
        }
        return result
    }

    /// The scale of each column.
    func scales(of entry: Entry, in values: [Float]) -> [Float] {
        var largest = [Float](repeating: 0, count: entry.columns)
        for row in 0..<entry.rows {
            for column in 0..<entry.columns {
                let magnitude = abs(values[entry.index(row: row, column: column)])
                // NaN comes in and stays.
                if !largest[column].isNaN && !(magnitude <= largest[column]) { largest[column] = magnitude }
            }
        }
        return largest.map { Quantization.scale(largest: $0) }
    }
}
