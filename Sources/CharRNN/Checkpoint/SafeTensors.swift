import CharRNNFiles
import FoundationEssentials

/// The file format of Hugging Face's safetensors: the length of a JSON header (8 bytes, little-endian), the header,
/// and the tensors' bytes one after the other. Of real numbers F32 is written; others are read too, and rounded to it.
struct SafeTensors {
    var metadata: [String: String]
    var tensors: [StoredTensor]
    /// What has no real numbers.
    var others: [(name: String, dtype: String, shape: [Int], bytes: Data)] = []

    init() { (metadata, tensors) = ([:], []) }

    private static let headerLimit = 100_000_000

    // MARK: Writing

    /// Writes the file whole or not at all.
    ///
    /// - Throws: `FileError`.
    func write(to file: URL) throws {
        var header = SafeTensorsHeader(metadata: metadata)
        var offset = 0
        for tensor in tensors {
            let end = offset + 4 * tensor.count
            header.entries[tensor.name] = .init(dtype: "F32", shape: tensor.shape, dataOffsets: [offset, end])
            offset = end
        }
        for other in others {
            let end = offset + other.bytes.count
            header.entries[other.name] = .init(dtype: other.dtype, shape: other.shape, dataOffsets: [offset, end])
            offset = end
        }
        var json = try JSON.data(header)
        json.append(contentsOf: [UInt8](repeating: 0x20, count: (8 - json.count % 8) % 8))
        let length = withUnsafeBytes(of: UInt64(json.count).littleEndian) { Data($0) }
        try AtomicFile.write(to: file) { writer in
            try writer.append(length)
            try writer.append(json)
            for tensor in tensors { try tensor.withValues { try writer.append(UnsafeRawBufferPointer($0)) } }
            for other in others { try writer.append(other.bytes) }
        }
    }

    // MARK: Reading

    /// Checks the bytes of a file; nothing is allocated from a number that has not been held against the file's size.
    ///
    /// - Throws: ``CheckpointError``.
    init(_ data: Data, path: String) throws {
        do { try self.init(data) } catch let fault as Fault {
            throw CheckpointError.malformed(path: path, reason: fault.reason)
        } catch let error as TooLarge {
            throw CheckpointError.metadata(
                path: path, reason: "its tensor '\(error.tensor)' has a number beyond 32 bits")
        }
    }

    /// The bytes of a file, of which those that are asked for are read.
    ///
    /// - Throws: ``CheckpointError/unreadable(path:reason:)``.
    static func bytes(of file: URL) throws -> Data {
        do {
            try PlainFile.requireRoom(toRead: file)
            return try PlainFile.mapped(file)
        } catch {
            throw CheckpointError.unreadable(path: file.path, reason: error.reason)
        }
    }

    /// - Throws: ``Fault``, ``TooLarge``.
    init(_ data: Data) throws {
        guard data.count >= 8 else { throw Fault("it has \(ByteCount(data.count))") }
        let length = data.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
        guard length <= Self.headerLimit else {
            let start = data.prefix(8).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
            throw Fault("it begins with the bytes \(start), where such a file has the length of its header")
        }
        guard length <= data.count - 8 else {
            throw Fault("its header of \(length) bytes does not fit in its \(data.count) bytes")
        }
        guard data.dropFirst(8).prefix(Int(length)).first == UInt8(ascii: "{") else {
            throw Fault("its header is not a JSON object")
        }
        let header = try data.withUnsafeBytes { bytes in
            try SafeTensorsHeader(UnsafeRawBufferPointer(rebasing: bytes[8..<8 + Int(length)]))
        }
        metadata = header.metadata
        tensors = []
        try read(header.entries, in: data.dropFirst(8 + Int(length)))
    }

    private static let otherWidths = [
        "BOOL": 1, "U8": 1, "I8": 1, "U16": 2, "I16": 2, "U32": 4, "I32": 4, "U64": 8, "I64": 8, "F8_E4M3": 1,
        "F8_E5M2": 1, "C64": 8,
    ]

    private mutating func read(_ entries: [String: SafeTensorsHeader.Entry], in bytes: Data) throws {
        var position = 0
        // By place; an empty tensor comes before the one that begins where it lies.
        let sorted = entries.sorted { $0.value.dataOffsets.lexicographicallyPrecedes($1.value.dataOffsets) }
        for (name, entry) in sorted {
            let format = NumberFormat(rawValue: entry.dtype)
            guard var size = format?.width ?? Self.otherWidths[entry.dtype] else {
                throw Fault("tensor '\(name)' is of the unknown type \(entry.dtype)")
            }
            // Tensors follow one another without hole or overlap.
            guard entry.dataOffsets.count == 2, entry.dataOffsets[0] == position, entry.dataOffsets[1] >= position
            else { throw Fault("tensor '\(name)' lies at \(entry.dataOffsets), expected from \(position)") }
            guard entry.dataOffsets[1] <= bytes.count else {
                throw Fault("it ends within the tensor '\(name)', so it was not copied whole; copy it once more")
            }
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
            guard let format else {
                others.append((name, entry.dtype, entry.shape, bytes[start..<start + size]))
                continue
            }
            let numbers = bytes[start..<start + size]
            if format == .float64, format.values(numbers) == nil { throw TooLarge(tensor: name) }
            tensors.append(StoredTensor(name: name, shape: entry.shape, bytes: numbers, format: format))
        }
        guard position == bytes.count else {
            throw Fault("\(bytes.count - position) bytes follow the last tensor")
        }
    }

    /// A number of 64 bits that no one of 32 comes near.
    struct TooLarge: Error {
        let tensor: String
    }

    /// What is wrong with a file.
    struct Fault: Error {
        let reason: String
        init(_ reason: String) { self.reason = reason }
    }
}
