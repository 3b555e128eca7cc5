import CharRNNFiles
import FoundationEssentials
import Glibc

/// Writes the lines of a run into `history.jsonl`; ``TrainingHistory`` reads them.
final class HistoryWriter {
    typealias Line = TrainingHistory.Line

    /// The run's name: that of the run it continues, where the file has that.
    private(set) var run: String
    private let file: URL
    private var descriptor: Int32
    /// The line before all others.
    private let first: Line
    private var hasFirst = false
    /// The name of the checkpoint that the run goes on from.
    private let resumed: String?
    private var isFailing = false

    /// - Parameters:
    ///   - run: a name that no other run has.
    ///   - start: the line before all others.
    ///   - resumed: the name of a checkpoint in the folder, from which the run goes on.
    /// - Throws: `FileError` when the file cannot be opened, and when it is no plain file.
    init(in folder: URL, run: String, start: Line, resumed: String?) throws {
        file = folder.appendingPathComponent(TrainingHistory.fileName)
        self.run = run
        first = start
        self.resumed = resumed
        descriptor = try Self.open(file)
        endLastLine()
    }

    deinit { close(descriptor) }

    private static func open(_ file: URL) throws -> Int32 {
        let descriptor = Glibc.open(file.systemPath, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw FileError.writing(file) }
        // A pipe has no end to add to, and would hold up the run while nobody reads it.
        guard FileStatus(descriptor: descriptor)?.kind == .file else {
            close(descriptor)
            throw FileError(action: "write", path: file.path, reason: "it is there and is not a plain file")
        }
        return descriptor
    }

    /// Makes the file again when somebody has removed it, with the line before all others.
    ///
    /// - Returns: whether that was so.
    /// - Throws: `FileError` when it cannot be made.
    func beginAgainIfGone() throws -> Bool {
        guard FileStatus.isGone(file) else { return false }
        try reopen()
        hasFirst = false
        return true
    }

    private func reopen() throws {
        let new = try Self.open(file)
        close(descriptor)
        descriptor = new
    }

    /// Adds a line. A disk that takes no more costs the line: training is worth more than its record.
    ///
    /// - Returns: why the line is missing, for the first of those that are.
    func append(_ line: Line) throws -> FileError? {
        do {
            // What is written to a file that is gone is gone, too.
            _ = try beginAgainIfGone()
            if !hasFirst {
                // Only now, when there is something in their place.
                try dropRepeatedLines()
                try write(first)
                hasFirst = true
            }
            try write(line)
            isFailing = false
            return nil
        } catch let error as FileError {
            defer { isFailing = true }
            return isFailing ? nil : error
        }
    }

    /// In one write, so that no half of the line is left by a stop.
    private func write(_ line: Line) throws {
        var line = line
        line.run = run
        let data = try JSON.data(line, isSnakeCase: true) + [10]
        let end = lseek(descriptor, 0, SEEK_END)
        let written = data.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        guard written < data.count else { return }
        guard written >= 0 else { throw FileError.writing(file) }
        ftruncate(descriptor, end)
        throw FileError(action: "write", path: file.path, reason: "the disk is full")
    }

    /// Removes the hidden files that programs killed in the middle of ``dropRepeatedLines()`` have left in a folder.
    static func removeLeftovers(in folder: URL) { AtomicFile.removeLeftovers(in: folder, extension: "jsonl") }

    /// Takes over the name of the run that has written the checkpoint, and removes what that has recorded since, for it
    /// comes again. Other lines stay as they are.
    private func dropRepeatedLines() throws {
        guard let resumed, let data = try? PlainFile.bytes(of: file) else { return }
        let lines = data.split(separator: 10)
        let marks = lines.map { try? JSON.decode(Mark.self, from: $0, isSnakeCase: true) }
        guard let place = marks.lastIndex(where: { $0?.checkpoint == resumed }), let name = marks[place]?.run else {
            return
        }
        run = name
        let kept = lines.indices.filter { $0 <= place || marks[$0]?.run != name }
        guard kept.count < lines.count else { return }
        var rest = Data()
        for index in kept {
            rest += lines[index]
            rest.append(10)
        }
        try AtomicFile.write(rest, to: file)
        try reopen()
    }

    /// What tells whose a line is.
    private struct Mark: Decodable {
        let run: String
        let checkpoint: String?
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
            _ = Glibc.write(descriptor, "\n", 1)
        }
    }

    /// A value of any kind.
    private struct Ignored: Decodable {
        init(from decoder: any Decoder) {}
    }
}
