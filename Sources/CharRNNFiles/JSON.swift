import FoundationEssentials

/// JSON as all files and reports have it: keys in the order of the alphabet, so that equal values are equal bytes;
/// slashes as they are; what no JSON number can be as "inf", "-inf" and "nan".
package enum JSON {
    /// - Parameters:
    ///   - isSnakeCase: whether `someKey` is written as `some_key`.
    ///   - isPretty: whether each key has a line of its own, for people to read.
    package static func data(
        _ value: some Encodable, isSnakeCase: Bool = false, isPretty: Bool = false
    ) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if isPretty { encoder.outputFormatting.insert(.prettyPrinted) }
        if isSnakeCase { encoder.keyEncodingStrategy = .convertToSnakeCase }
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return try encoder.encode(value)
    }

    /// The same as text.
    package static func text(_ value: some Encodable, isSnakeCase: Bool = false) throws -> String {
        String(decoding: try data(value, isSnakeCase: isSnakeCase), as: UTF8.self)
    }

    /// Reads what ``data(_:isSnakeCase:isPretty:)`` has written.
    package static func decode<Value: Decodable>(
        _ type: Value.Type, from data: Data, isSnakeCase: Bool = false
    ) throws -> Value {
        let decoder = JSONDecoder()
        if isSnakeCase { decoder.keyDecodingStrategy = .convertFromSnakeCase }
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return try decoder.decode(type, from: data)
    }
}
