import CharRNN
import FoundationEssentials
import Glibc

/// Which of its checkpoints a run keeps. It deletes only what it has written, and what the run that it resumes had
/// recorded as written, as long as the content is the same.
struct Retention {
    /// A checkpoint of this run.
    private struct Written: Codable {
        let name: String
        /// Of all its bytes.
        let hash: UInt64
        /// Nil without a validation part.
        let loss: Double?
    }

    /// Where the record stands among a checkpoint's options.
    private static let key = "written"

    private let folder: URL
    private let lastCount: Int
    private let keepsBest: Bool
    private var written: [Written] = []

    /// - Parameter resumed: the run's checkpoint so far, when it lies in the folder.
    init(in folder: URL, keepLast: Int, keepBest: Bool, resumed: (file: URL, checkpoint: Checkpoint)?) {
        self.folder = folder
        lastCount = keepLast
        keepsBest = keepBest
        guard let resumed, Self.isSame(resumed.file.deletingLastPathComponent(), folder) else { return }
        let record = resumed.checkpoint.options[Self.key] ?? "[]"
        // A checkpoint may come from anybody; what it names lies in this folder and is a checkpoint.
        written = ((try? JSONDecoder().decode([Written].self, from: Data(record.utf8))) ?? [])
            .filter { !$0.name.contains("/") && $0.name.hasSuffix(".safetensors") }
        add(resumed.file, loss: resumed.checkpoint.validationLosses[resumed.checkpoint.iteration] ?? .nan)
    }

    /// The options of the next checkpoint, with the record of those before it.
    func recorded(in options: [String: String]) throws -> [String: String] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        var options = options
        options[Self.key] = String(decoding: try encoder.encode(written), as: UTF8.self)
        return options
    }

    /// Takes note of a checkpoint that was written, and deletes those that need not stay.
    mutating func add(_ file: URL, loss: Double) {
        written.removeAll { $0.name == file.lastPathComponent }
        guard let hash = contentHash(of: file) else { return }
        written.append(Written(name: file.lastPathComponent, hash: hash, loss: loss.isNaN ? nil : loss))
        let best = keepsBest ? written.filter { $0.loss != nil }.min { $0.loss! < $1.loss! } : nil
        let last = written.suffix(lastCount).map(\.name)
        for old in written where !last.contains(old.name) && old.name != best?.name {
            let file = folder.appendingPathComponent(old.name)
            // What somebody else has put there, a link included, is not ours.
            if contentHash(of: file) == old.hash { unlink(file.path) }
        }
        written.removeAll { !last.contains($0.name) && $0.name != best?.name }
    }

    private static func isSame(_ a: URL, _ b: URL) -> Bool {
        var (first, second) = (stat(), stat())
        return stat(a.path, &first) == 0 && stat(b.path, &second) == 0 && first.st_ino == second.st_ino
            && first.st_dev == second.st_dev
    }
}
