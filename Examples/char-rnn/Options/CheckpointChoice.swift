import CharRNN
import FoundationEssentials
import Glibc

/// Where a command takes a checkpoint, it takes a folder of them as well.
enum CheckpointChoice {
    /// The file that is named, or the checkpoint of a folder with the lowest validation loss, which is told.
    ///
    /// - Throws: ``Failure`` when the folder has none, `CheckpointError`.
    static func best(_ path: String, isQuiet: Bool = false) throws -> URL {
        guard isFolder(path) else { return URL(named: path) }
        let file = try found(
            Checkpoint.best(in: URL(named: path, isFolder: true)), in: path, or: [".safetensors", ".t7"])
        if !isQuiet { Console.note("the best checkpoint of \(path): \(file)") }
        return URL(named: file)
    }

    /// The file that is named, or the checkpoint of a folder that was written last. Without a name the folder is `folder`.
    ///
    /// - Throws: ``Failure`` when the folder has none, `CheckpointError`.
    static func newest(_ path: String, or folder: String) throws -> String {
        let path = path.isEmpty ? folder : path
        guard isFolder(path) else {
            guard path != folder else {
                throw Failure(
                    "there is no folder \(path) with a run to resume; name it with --checkpoint-dir, or a checkpoint with "
                        + "--resume")
            }
            return path
        }
        return try found(Checkpoint.newest(in: URL(named: path, isFolder: true)), in: path, or: [".safetensors"])
    }

    /// Does work with a checkpoint, and names it when its numbers are at fault.
    static func naming(_ path: String, _ work: () throws -> Void) throws {
        do { try work() } catch let error where error is BrokenModelError || error is DeadEndError {
            throw Failure("\(path): \(error)")
        }
    }

    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(FileName.cString(path), &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// In the words that were typed.
    ///
    /// - Parameter endings: what the names of other files end in that may be named.
    private static func found(_ file: URL?, in path: String, or endings: [String]) throws -> String {
        func named(_ name: String) -> String { path.hasSuffix("/") ? path + name : "\(path)/\(name)" }
        if let file { return named(file.lastPathComponent) }
        let models = (try? FileName.all(in: URL(named: path, isFolder: true)))?.filter { name in
            endings.contains(where: name.hasSuffix)
        }
        if let other = models?.min() {
            throw Failure(
                "\(path) has no checkpoint with the name that train gives it; name a file, such as \(named(other))")
        }
        throw Failure(
            "\(path) has no checkpoint; train a model with: char-rnn train --checkpoint-dir \(shellPath(path))")
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
