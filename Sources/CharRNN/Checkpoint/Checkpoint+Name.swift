import FoundationEssentials

extension Checkpoint {
    /// char-rnn's name for a checkpoint, `lm_<label>_epoch<epoch>_<validation loss>.safetensors`; without a loss that is
    /// a number, `lm_<label>_epoch<epoch>.safetensors`.
    public static func fileName(label: String, epoch: Double, validationLoss: Double?) -> String {
        let loss = validationLoss.flatMap { $0.isFinite ? "_\(fixed($0, 4))" : nil } ?? ""
        return "lm_\(label)_epoch\(fixed(epoch, 2))\(loss).safetensors"
    }

    /// The checkpoint of a folder with the lowest validation loss, as the names say: those that
    /// ``fileName(label:epoch:validationLoss:)`` makes, whatever the label, and char-rnn's `.t7`. Of equal losses the
    /// one of the earlier epoch, since a run that is stopped before the next validation saves under the last loss. Where
    /// no name has a loss, the one of the latest epoch.
    ///
    /// - Returns: nil when there is no checkpoint.
    /// - Throws: ``CheckpointError/unreadable(path:reason:)`` when the folder cannot be read.
    public static func best(in folder: URL) throws -> URL? {
        let found = try NamedCheckpoint.all(in: folder)
        let best =
            found.filter { $0.loss != nil }.min { ($0.loss!, $0.epoch) < ($1.loss!, $1.epoch) }
            ?? found.max { $0.epoch < $1.epoch }
        return best?.file
    }

    /// The checkpoint of a folder that was written last, by the names of ``best(in:)``: that with which a run goes on. Of
    /// several in one tick of the file system's clock it is the one of the latest epoch.
    ///
    /// - Returns: nil when there is no checkpoint.
    /// - Throws: ``CheckpointError/unreadable(path:reason:)`` when the folder cannot be read.
    public static func newest(in folder: URL) throws -> URL? {
        let dated = try NamedCheckpoint.all(in: folder).map { checkpoint in
            (checkpoint, date: FileStatus(checkpoint.file)?.modified ?? .min)
        }
        return dated.max { ($0.date, $0.0.epoch) < ($1.date, $1.0.epoch) }?.0.file
    }
}

/// What the name of a checkpoint tells.
private struct NamedCheckpoint {
    let file: URL
    let epoch: Double
    /// Nil where there was no validation.
    let loss: Double?

    /// In the order of their names.
    static func all(in folder: URL) throws -> [NamedCheckpoint] {
        let names: [String]
        do { names = try FileName.all(in: folder) } catch {
            throw CheckpointError.unreadable(path: folder.path, reason: "it is not a folder that can be read")
        }
        return names.sorted().compactMap { NamedCheckpoint($0, in: folder) }
    }

    /// Nil for another name.
    private init?(_ name: String, in folder: URL) {
        // The label may have underscores, and even an epoch of its own: what counts stands at the end.
        let pattern = #/lm_.*_epoch(\d+\.\d+)(?:_(\d+\.\d+|nan))?\.(?:safetensors|t7)/#
        guard let match = name.wholeMatch(of: pattern), let epoch = Double(match.1) else { return nil }
        file = folder.appendingPathComponent(name)
        self.epoch = epoch
        loss = match.2.flatMap { Double($0) }.flatMap { $0.isNaN ? nil : $0 }
    }
}
