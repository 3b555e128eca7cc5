import CharRNNFiles
import FoundationEssentials
import Glibc

/// A file of events as TensorBoard reads it: records with checksums, one after the other
/// (https://github.com/tensorflow/tensorboard/blob/master/tensorboard/compat/proto/event.proto).
final class EventFile {
    private let file: URL
    private let descriptor: Int32

    /// Makes a new file, the last one of its folder in the order of names, in which TensorBoard reads: what is appended
    /// to one that a power cut has broken would be lost.
    ///
    /// - Throws: `FileError`.
    init(in folder: URL, time: Double) throws {
        try Folder.make(folder)
        let names = (try? FileName.all(in: folder)) ?? []
        let numbers = names.compactMap { name in
            name.hasPrefix(Self.prefix) ? Int(name.dropFirst(Self.prefix.count).prefix { $0.isNumber }) : nil
        }
        let last = numbers.max() ?? 0
        guard last < .max / 2 else {
            throw FileError(
                action: "write", path: folder.path, reason: "no number comes after that of \(Self.prefix)\(last)")
        }
        var number = max(Int(time), last + 1)
        while true {
            let digits = "\(number)"
            let name = Self.prefix + String(repeating: "0", count: max(0, 10 - digits.count)) + digits + ".char-rnn"
            let file = folder.appendingPathComponent(name)
            let descriptor = open(file.systemPath, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o644)
            if descriptor >= 0 {
                (self.file, self.descriptor) = (file, descriptor)
                return
            }
            guard errno == EEXIST else { throw FileError.writing(file) }
            number += 1
        }
    }

    private static let prefix = "events.out.tfevents."

    deinit { close(descriptor) }

    /// Adds a record in one write, so that no half of it is left by a stop.
    ///
    /// - Throws: `FileError`; the file is then as it was before.
    func append(_ event: ProtobufMessage) throws {
        // The length and its checksum, the payload and its checksum.
        var record = Data()
        func add(_ data: Data) {
            record.append(data)
            withUnsafeBytes(of: CRC32C.masked(data).littleEndian) { record.append(contentsOf: $0) }
        }
        add(withUnsafeBytes(of: UInt64(event.bytes.count).littleEndian) { Data($0) })
        add(event.bytes)
        let end = lseek(descriptor, 0, SEEK_END)
        let written = record.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        guard written < record.count else { return }
        guard written >= 0 else { throw FileError.writing(file) }
        ftruncate(descriptor, end)
        throw FileError(action: "write", path: file.path, reason: "the disk is full")
    }
}

/// The cyclic redundancy check of Castagnoli (RFC 3720, appendix B.4), lowest bit first.
package enum CRC32C {
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { rest, _ in rest & 1 == 0 ? rest >> 1 : rest >> 1 ^ 0x82F6_3B78 }
    }

    package static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
        ~bytes.reduce(~UInt32(0)) { rest, byte in table[Int(UInt8(truncatingIfNeeded: rest) ^ byte)] ^ rest >> 8 }
    }

    /// The sum as records have it: one of bytes that hold such sums themselves would be weak, says TensorFlow's
    /// record_writer.h.
    package static func masked(_ bytes: some Sequence<UInt8>) -> UInt32 {
        let sum = checksum(bytes)
        return (sum >> 15 | sum << 17) &+ 0xA282_EAD8
    }
}
