import FoundationEssentials
import Glibc

/// The file format of Hugging Face's safetensors: the length of a JSON header (8 bytes, little-endian), the header,
/// and the tensors' bytes one after the other. Only F32 is written and read.
struct SafeTensors {
    var metadata: [String: String]
    var tensors: [Tensor]

    init(metadata: [String: String] = [:], tensors: [Tensor] = []) {
        self.metadata = metadata
        self.tensors = tensors
    }

    private static let headerLimit = 100_000_000

    // MARK: Writing

    /// Writes the file whole or not at all.
    ///
    /// - Throws: ``FileError``.
    func write(to file: URL) throws {
        var header: [String: Entry] = [:]
        var offset = 0
        for tensor in tensors {
            let end = offset + 4 * tensor.values.count
            header[tensor.name] = Entry(dtype: "F32", shape: tensor.shape, dataOffsets: [offset, end])
            offset = end
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var json = try encoder.encode(Header(metadata: metadata, entries: header))
        json.append(contentsOf: [UInt8](repeating: 0x20, count: (8 - json.count % 8) % 8))
        let length = withUnsafeBytes(of: UInt64(json.count).littleEndian) { Data($0) }
        let parts = tensors.map { tensor in tensor.values.withUnsafeBytes { Data($0) } }
        try AtomicFile.write([length, json] + parts, to: file)
    }

    // MARK: Reading

    /// Reads and checks a file; nothing is allocated from a number that has not been held against the file's size.
    ///
    /// - Throws: ``CheckpointError``.
    init(contentsOf file: URL) throws { try self.init(Self.bytes(of: file), path: file.path) }

    /// - Throws: ``CheckpointError``.
    init(_ data: Data, path: String) throws {
        do { try self.init(data) } catch let fault as Fault {
            throw CheckpointError.malformed(path: path, reason: fault.reason)
        }
    }

    /// The bytes of a file, mapped.
    ///
    /// - Throws: ``CheckpointError/unreadable(path:reason:)``.
    static func bytes(of file: URL) throws -> Data {
        guard access(file.path, R_OK) == 0 else {
            throw CheckpointError.unreadable(path: file.path, reason: String(cString: strerror(errno)))
        }
        do { return try Data(contentsOf: file, options: .mappedIfSafe) } catch {
            throw CheckpointError.unreadable(path: file.path, reason: "it is not a plain file")
        }
    }

    /// - Throws: ``Fault``.
    init(_ data: Data) throws {
        guard data.count >= 8 else { throw Fault("it has \(data.count) bytes") }
        let length = data.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
        guard length <= min(Self.headerLimit, data.count - 8) else {
            throw Fault("its header of \(length) bytes does not fit in its \(data.count) bytes")
        }
        let headerBytes = data.dropFirst(8).prefix(Int(length))
        guard headerBytes.first == UInt8(ascii: "{") else { throw Fault("its header is not a JSON object") }
        let header: Header
        do { header = try JSONDecoder().decode(Header.self, from: headerBytes) } catch {
            throw Fault("its header cannot be decoded")
        }
        metadata = header.metadata
        tensors = try Self.tensors(header.entries, in: data.dropFirst(8 + Int(length)))
    }

    private static func tensors(_ entries: [String: Entry], in bytes: Data) throws -> [Tensor] {
        var position = 0
        // By place; an empty tensor comes before the one that begins where it lies.
        let sorted = entries.sorted { $0.value.dataOffsets.lexicographicallyPrecedes($1.value.dataOffsets) }
        let tensors = try sorted.map { name, entry in
            guard entry.dtype == "F32" else { throw Fault("tensor '\(name)' is \(entry.dtype), not F32") }
            // Tensors follow one another without hole or overlap.
            guard entry.dataOffsets.count == 2, entry.dataOffsets[0] == position,
                entry.dataOffsets[1] >= position, entry.dataOffsets[1] <= bytes.count
            else { throw Fault("tensor '\(name)' lies at \(entry.dataOffsets), expected from \(position)") }
            var size = 4
            for dimension in entry.shape {
                let (product, overflow) = size.multipliedReportingOverflow(by: dimension)
                guard dimension >= 0, !overflow else { throw Fault("tensor '\(name)' has the shape \(entry.shape)") }
                size = product
            }
            guard size == entry.dataOffsets[1] - position else {
                throw Fault("tensor '\(name)' of shape \(entry.shape) lies at \(entry.dataOffsets)")
            }
            let start = bytes.startIndex + position
            position = entry.dataOffsets[1]
            let values = [Float](unsafeUninitializedCapacity: size / 4) { buffer, count in
                count = bytes[start..<start + size].copyBytes(to: buffer) / 4
            }
            return Tensor(name: name, shape: entry.shape, values: values)
        }
        guard position == bytes.count else {
            throw Fault("\(bytes.count - position) bytes follow the last tensor")
        }
        return tensors
    }

    /// What is wrong with a file.
    struct Fault: Error {
        let reason: String
        init(_ reason: String) { self.reason = reason }
    }

    private struct Entry: Codable {
        let dtype: String
        let shape: [Int]
        let dataOffsets: [Int]

        enum CodingKeys: String, CodingKey {
            case dtype, shape
            case dataOffsets = "data_offsets"
        }
    }

    private struct Header: Codable {
        let metadata: [String: String]
        let entries: [String: Entry]

        init(metadata: [String: String], entries: [String: Entry]) {
            self.metadata = metadata
            self.entries = entries
        }

        private struct Key: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }
            init(_ name: String) { stringValue = name }
            init?(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
            static let metadata = Key("__metadata__")
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Key.self)
            metadata = try container.decodeIfPresent([String: String].self, forKey: .metadata) ?? [:]
            entries = try container.allKeys.filter { $0.stringValue != Key.metadata.stringValue }.reduce(into: [:]) {
                $0[$1.stringValue] = try container.decode(Entry.self, forKey: $1)
            }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(metadata, forKey: .metadata)
            for (name, entry) in entries { try container.encode(entry, forKey: Key(name)) }
        }
    }
}
