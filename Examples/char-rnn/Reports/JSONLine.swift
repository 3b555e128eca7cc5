import FoundationEssentials

extension Encodable {
    /// A JSON object on one line, its keys in the order of the alphabet and in snake_case.
    func jsonLine() throws -> String {
        String(decoding: try jsonData(keys: .convertToSnakeCase), as: UTF8.self)
    }

    /// JSON with its keys in the order of the alphabet. What no number of JSON can be is "inf", "-inf" or "nan".
    func jsonData(keys: JSONEncoder.KeyEncodingStrategy = .useDefaultKeys) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = keys
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return try encoder.encode(self)
    }
}
