/// The JSON object at the beginning of a safetensors file: names with types, shapes and places, and the metadata.
///
/// It is read by a parser of its own, which takes just what the format allows. General ones let pass what could be read
/// in two ways: keys that stand twice, of which each reader believes another, or text in UTF-16. Nothing here calls
/// itself, so no depth of brackets can exhaust the stack.
struct SafeTensorsHeader {
    struct Entry: Encodable {
        let dtype: String
        let shape: [Int]
        /// From the first byte to the one after the last, counted from the end of the header.
        let dataOffsets: [Int]

        enum CodingKeys: String, CodingKey {
            case dtype, shape
            case dataOffsets = "data_offsets"
        }
    }

    var metadata: [String: String] = [:]
    var entries: [String: Entry] = [:]

    static let metadataKey = "__metadata__"
}

extension SafeTensorsHeader {
    /// - Throws: ``SafeTensors/Fault``.
    init(_ bytes: UnsafeRawBufferPointer) throws {
        var parser = JSONScanner(bytes)
        var hasMetadata = false
        try parser.object { parser, name in
            guard name != Self.metadataKey else {
                guard !hasMetadata else { throw JSONScanner.twice(name) }
                hasMetadata = true
                return try parser.object { parser, key in
                    let isNew = metadata.updateValue(try parser.string(), forKey: key) == nil
                    guard isNew else { throw JSONScanner.twice(key) }
                }
            }
            let isNew = entries.updateValue(try Self.entry(&parser, name), forKey: name) == nil
            guard isNew else { throw JSONScanner.twice(name) }
        }
        try parser.end()
    }

    private static func entry(_ parser: inout JSONScanner, _ name: String) throws -> Entry {
        var dtype: String?
        var shape: [Int]?
        var offsets: [Int]?
        try parser.object { parser, key in
            switch key {
            case "dtype" where dtype == nil: dtype = try parser.string()
            case "shape" where shape == nil: shape = try parser.wholeNumbers()
            case "data_offsets" where offsets == nil: offsets = try parser.wholeNumbers()
            case "dtype", "shape", "data_offsets": throw JSONScanner.twice(key)
            default: throw SafeTensors.Fault("tensor '\(name)' has '\(key)', which the format does not know")
            }
        }
        guard let dtype, let shape, let offsets else {
            throw SafeTensors.Fault("tensor '\(name)' lacks its dtype, shape or data_offsets")
        }
        return Entry(dtype: dtype, shape: shape, dataOffsets: offsets)
    }
}

/// Written as ``JSON``.
extension SafeTensorsHeader: Encodable {
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(metadata, forKey: Key(Self.metadataKey))
        for (name, entry) in entries { try container.encode(entry, forKey: Key(name)) }
    }
}
