import Foundation

/// A safetensors file taken apart and put together by the format's own description, apart from the code under test:
/// 8 bytes for the header's length, the header in JSON, the numbers.
package struct TensorFile {
    /// Per name: "dtype", "shape" and "data_offsets"; "__metadata__" beside them.
    package var header: [String: Any]
    package var numbers: Data

    package init(_ file: URL) throws {
        let data = try Data(contentsOf: file)
        let length = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        let object = try JSONSerialization.jsonObject(with: data.subdata(in: 8..<8 + length))
        header = object as? [String: Any] ?? [:]
        numbers = data.subdata(in: 8 + length..<data.count)
    }

    package init(header: [String: Any], numbers: Data) {
        self.header = header
        self.numbers = numbers
    }

    package var bytes: Data {
        get throws {
            let json = try JSONSerialization.data(withJSONObject: header, options: .sortedKeys)
            return Self.bytes(header: json, numbers: numbers)
        }
    }

    package static func bytes(header: Data, numbers: Data) -> Data {
        withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) } + header + numbers
    }

    package var names: [String] { header.keys.filter { $0 != "__metadata__" }.sorted() }

    package var metadata: [String: String] {
        get { header["__metadata__"] as? [String: String] ?? [:] }
        set { header["__metadata__"] = newValue }
    }

    package func shape(_ name: String) -> [Int] { entry(name, "shape") as? [Int] ?? [] }

    package func floats(_ name: String) -> [Float] {
        let offsets = entry(name, "data_offsets") as? [Int] ?? [0, 0]
        return numbers.subdata(in: offsets[0]..<offsets[1]).withUnsafeBytes { raw in
            (0..<raw.count / 4).map { raw.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
        }
    }

    package mutating func set(_ name: String, _ key: String, _ value: Any?) {
        var entry = header[name] as? [String: Any] ?? [:]
        entry[key] = value
        header[name] = entry
    }

    /// Replaces `old` in a metadata entry, which must have it.
    package mutating func edit(_ key: String, _ old: String, _ new: String) {
        let text = metadata[key] ?? ""
        precondition(text.contains(old), "'\(key)' has no '\(old)': \(text)")
        metadata[key] = text.replacingOccurrences(of: old, with: new)
    }

    private func entry(_ name: String, _ key: String) -> Any? { (header[name] as? [String: Any])?[key] }
}
