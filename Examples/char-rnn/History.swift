import CharRNN
import FoundationEssentials
import Glibc

/// `history.jsonl`: a JSON object a line, for each progress line and each validation.
final class History {
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
    }

    private let descriptor: Int32
    private let path: String

    /// - Throws: ``Failure`` when the file cannot be opened.
    init(in folder: URL) throws {
        path = folder.appendingPathComponent("history.jsonl").path
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Failure("cannot write \(path): \(String(cString: strerror(errno)))") }
    }

    deinit { close(descriptor) }

    /// Adds a line in one write, so that no half of it is left by a stop.
    ///
    /// - Throws: ``Failure`` when the disk takes no more.
    func append(_ entry: Entry) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        let line = try encoder.encode(entry) + Data([10])
        let written = line.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        guard written == line.count else { throw Failure("cannot write \(path): \(String(cString: strerror(errno)))") }
    }
}
