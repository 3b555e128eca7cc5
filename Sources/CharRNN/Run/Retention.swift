import CharRNNFiles
import FoundationEssentials
import Glibc

/// Which of its checkpoints a run keeps. It deletes only what it has written, and what the run that it continues had
/// recorded as written, as long as the content is the same.
struct Retention {
    /// A checkpoint of this run.
    private struct Written: Codable {
        let name: String
        /// The hash of the file's bytes.
        let hash: UInt64
        /// Nil when it was not validated.
        let loss: Double?
    }

    /// Where the record stands among a checkpoint's options.
    private static let key = "written"

    private let folder: URL
    private let lastCount: Int
    private let keepsBest: Bool
    private var written: [Written] = []

    init(in folder: URL, keepLast: Int, keepBest: Bool) {
        self.folder = folder
        lastCount = keepLast
        keepsBest = keepBest
    }

    /// Takes over what a checkpoint in the folder has recorded as written, and the checkpoint itself.
    mutating func resume(from checkpoint: Checkpoint, _ saved: TrainingEvent.SavedCheckpoint) {
        let record = checkpoint.options[Self.key] ?? "[]"
        // A checkpoint may come from anybody; what it names lies in this folder and is a checkpoint.
        written = ((try? JSON.decode([Written].self, from: Data(record.utf8))) ?? [])
            .filter { !$0.name.contains("/") && $0.name.hasSuffix(".safetensors") }
        add(saved)
    }

    /// Has the next checkpoint remember those before it.
    func record(in checkpoint: inout Checkpoint) throws {
        checkpoint.options[Self.key] = try JSON.text(written)
    }

    /// Takes note of a checkpoint that was written, and deletes those that need not stay.
    mutating func add(_ saved: TrainingEvent.SavedCheckpoint) {
        let name = saved.file.lastPathComponent
        written.removeAll { $0.name == name }
        guard let hash = contentHash(of: saved.file) else { return }
        written.append(Written(name: name, hash: hash, loss: saved.validationLoss))
        let best = keepsBest ? written.filter { $0.loss != nil }.min { $0.loss! < $1.loss! } : nil
        let last = written.suffix(lastCount).map(\.name)
        for old in written where !last.contains(old.name) && old.name != best?.name {
            let file = folder.appendingPathComponent(old.name)
            // What somebody else has put there, a link included, is not ours.
            if contentHash(of: file) == old.hash { unlink(file.systemPath) }
        }
        written.removeAll { !last.contains($0.name) && $0.name != best?.name }
    }
}
