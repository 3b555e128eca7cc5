import CharRNN
import FoundationEssentials

/// Where a command takes a checkpoint, it takes a folder of them as well.
enum CheckpointChoice {
    /// The file that is named, or the checkpoint of a folder with the lowest validation loss, which is told.
    ///
    /// - Throws: ``Failure`` when the folder has none, `CheckpointError`.
    static func best(_ path: String, isQuiet: Bool = false) throws -> URL {
        guard isFolder(path) else { return URL(fileURLWithPath: path) }
        let file = try found(Checkpoint.best(in: URL(fileURLWithPath: path, isDirectory: true)), in: path)
        if !isQuiet { Console.note("the best checkpoint of \(path): \(file)") }
        return URL(fileURLWithPath: file)
    }

    /// The file that is named, or the checkpoint of a folder that was written last.
    ///
    /// - Throws: ``Failure`` when the folder has none, `CheckpointError`.
    static func newest(_ path: String) throws -> String {
        guard isFolder(path) else { return path }
        return try found(Checkpoint.newest(in: URL(fileURLWithPath: path, isDirectory: true)), in: path)
    }

    static func isFolder(_ path: String) -> Bool { FileStatus(URL(fileURLWithPath: path))?.kind == .folder }

    /// In the words that were typed.
    private static func found(_ file: URL?, in path: String) throws -> String {
        guard let file else {
            throw Failure("\(path) has no checkpoint; train a model with: char-rnn train --checkpoint-dir \(path)")
        }
        return path.hasSuffix("/") ? path + file.lastPathComponent : "\(path)/\(file.lastPathComponent)"
    }

    /// The arguments with a value for each `--resume` that has none: an empty one, which stands for the folder of
    /// checkpoints.
    static func completingResume(_ arguments: [String]) -> [String] {
        arguments.indices.flatMap { index in
            let next = index + 1 < arguments.count ? arguments[index + 1] : "-"
            return arguments[index] == "--resume" && next.hasPrefix("-") ? ["--resume", ""] : [arguments[index]]
        }
    }
}
