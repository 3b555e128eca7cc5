import CharRNNFiles
import FoundationEssentials
import Glibc

/// Writes the checkpoints of a run under their names, loses nothing that stood there, and deletes those of the run that
/// need not stay.
struct CheckpointWriter {
    typealias SavedCheckpoint = TrainingEvent.SavedCheckpoint

    private let folder: URL
    private let options: TrainingRun.Options
    /// Nil to keep all checkpoints.
    private var retention: Retention?
    /// What the run has written, also before it was continued.
    private var saved: [SavedCheckpoint] = []
    /// The names so far, which may be given again.
    private var names: Set<String> = []
    /// The last iteration that is on the disk, or of which there is nothing to save.
    private(set) var savedIteration: Int

    init(
        _ folder: URL, options: TrainingRun.Options, start: Int, resumed: (checkpoint: Checkpoint, file: URL)?
    ) {
        self.folder = folder
        self.options = options
        savedIteration = start
        if options.keepLast != nil || options.keepBest {
            retention = Retention(in: folder, keepLast: options.keepLast ?? 1, keepBest: options.keepBest)
        }
        guard let (checkpoint, file) = resumed else { return }
        let last = SavedCheckpoint(
            file: file, iteration: checkpoint.iteration, epoch: checkpoint.epoch,
            validationLoss: checkpoint.validationLosses[checkpoint.iteration], displaced: nil)
        let history = try? TrainingHistory(in: file.deletingLastPathComponent())
        for line in history?.lines(before: file.lastPathComponent) ?? [] {
            guard let name = line.checkpoint else { continue }
            add(
                SavedCheckpoint(
                    file: file.deletingLastPathComponent().appendingPathComponent(name), iteration: line.iteration,
                    epoch: line.epoch, validationLoss: checkpoint.validationLosses[line.iteration], displaced: nil))
        }
        add(last)
        if FileStatus.isSameFile(file.deletingLastPathComponent(), folder) {
            retention?.resume(from: checkpoint, last)
        }
    }

    /// Takes note of a checkpoint, which replaces an earlier one of its name.
    private mutating func add(_ checkpoint: SavedCheckpoint) {
        saved.removeAll { $0.file.lastPathComponent == checkpoint.file.lastPathComponent }
        saved.append(checkpoint)
    }

    /// The last one that is on the disk.
    var last: SavedCheckpoint? { saved.last }

    /// The one with the lowest validation loss of those that are still there; the earliest of equals.
    var best: SavedCheckpoint? {
        saved.filter { $0.validationLoss != nil && access($0.file.systemPath, F_OK) == 0 }
            .min { $0.validationLoss! < $1.validationLoss! }
    }

    /// Saves where a run stands. Its file is named after the last known validation loss, even of an earlier step.
    ///
    /// - Throws: `FileError`, ``TrainingRunError/nameTaken(path:)``.
    mutating func write(_ checkpoint: Checkpoint) throws -> SavedCheckpoint {
        var checkpoint = checkpoint
        let losses = checkpoint.validationLosses
        let lastLoss = losses.max { $0.key < $1.key }?.value
        let file = folder.appendingPathComponent(
            Checkpoint.fileName(label: options.label, epoch: checkpoint.epoch, validationLoss: lastLoss))
        checkpoint.options = options.remembered
        try retention?.record(in: &checkpoint)
        let older = names.contains(file.lastPathComponent) ? nil : try KeptFile(inPlaceOf: file)
        do { try checkpoint.write(to: file) } catch {
            older?.dropName()
            throw error
        }
        names.insert(file.lastPathComponent)
        savedIteration = checkpoint.iteration
        let result = SavedCheckpoint(
            file: file, iteration: checkpoint.iteration, epoch: checkpoint.epoch,
            validationLoss: losses[checkpoint.iteration],
            displaced: older.flatMap { $0.stays(beside: file) ? URL(fileURLWithPath: $0.path) : nil })
        add(result)
        retention?.add(result)
        return result
    }
}
