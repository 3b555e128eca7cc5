import CharRNNFiles
import FoundationEssentials
import Glibc

/// `history.jsonl`: a JSON object a line, for each reported step, each validation and each return to a good state.
final class RunHistory {
    struct Entry: Encodable {
        var iteration: Int
        var epoch: Double
        var loss: Double?
        var gradNorm: Double?
        var learningRate: Double
        var secondsPerBatch: Double?
        var charsPerSecond: Double?
        var validationLoss: Double?
        var testLoss: Double?
        /// Where the run was before it went back to `iteration`.
        var returnedFrom: Int?
    }

    private let descriptor: Int32
    private let file: URL
    private var isFailing = false

    /// - Throws: `FileError` when the file cannot be opened.
    init(in folder: URL) throws {
        file = folder.appendingPathComponent("history.jsonl")
        descriptor = open(file.path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw FileError.writing(file) }
        endLastLine()
    }

    deinit { close(descriptor) }

    /// Adds a line in one write, so that no half of it is left by a stop. A disk that takes no more costs the line:
    /// training is worth more than its record.
    ///
    /// - Returns: why the line is missing, for the first of those that are.
    func append(_ entry: Entry) throws -> FileError? {
        let line = try JSON.data(entry, isSnakeCase: true) + [10]
        let end = lseek(descriptor, 0, SEEK_END)
        let written = line.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        var error: FileError?
        if written < line.count {
            if written < 0 {
                error = FileError.writing(file)
            } else {
                ftruncate(descriptor, end)
                error = FileError(action: "write", path: file.path, reason: "the disk is full")
            }
        }
        defer { isFailing = error != nil }
        return isFailing ? nil : error
    }

    /// Cuts off the half of an object that a power cut has left at the end, so that the next line begins a line.
    private func endLastLine() {
        let end = lseek(descriptor, 0, SEEK_END)
        var tail = [UInt8](repeating: 0, count: Int(min(end, 4096)))
        let start = end - off_t(tail.count)
        guard pread(descriptor, &tail, tail.count, start) == tail.count, let last = tail.last, last != 10
        else { return }
        let line = tail.lastIndex(of: 10).map { $0 + 1 } ?? 0
        let isOurs = tail[line...].starts(with: "{\"".utf8)
        if isOurs, (try? JSONDecoder().decode([String: Ignored].self, from: Data(tail[line...]))) == nil {
            ftruncate(descriptor, start + off_t(line))
        } else {
            _ = write(descriptor, "\n", 1)
        }
    }

    /// A value of any kind.
    private struct Ignored: Decodable {
        init(from decoder: any Decoder) {}
    }
}
