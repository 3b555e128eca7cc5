import CharRNNFiles
import FoundationEssentials
import Glibc

/// A file that stands where a checkpoint is to be written, and is not this run's: it gets a second name, so that nothing
/// is lost when the first one becomes the checkpoint's.
struct KeptFile {
    let path: String
    private let hash: UInt64?

    /// Nil when nothing is in the way. A folder is, and will be named by the error of the write.
    ///
    /// - Throws: ``TrainingRunError/nameTaken(path:)`` when the file cannot have another name.
    init?(inPlaceOf file: URL) throws {
        guard let status = FileStatus(file), status.kind != .folder else { return nil }
        let names = (1...999).lazy.map { "\(file.path).\($0)" }
        // A link and not a renaming: under the first name there is always a whole file.
        guard let name = names.first(where: { link(file.systemPath, FileName.cString($0)) == 0 || errno != EEXIST }),
            // Not every file system has links.
            access(FileName.cString(name), F_OK) == 0
                || (try? AtomicFile.write(PlainFile.mapped(file), to: URL(fileURLWithPath: name))) != nil
        else { throw TrainingRunError.nameTaken(path: file.path) }
        path = name
        hash = contentHash(of: file)
    }

    /// Goes back to one name when the checkpoint has the same content, as after a kill between two checkpoints.
    ///
    /// - Returns: whether the second name stays.
    func stays(beside checkpoint: URL) -> Bool {
        guard hash != nil, contentHash(of: checkpoint) == hash else { return true }
        dropName()
        return false
    }

    /// Goes back to one name when there will be no checkpoint.
    func dropName() { unlink(FileName.cString(path)) }
}
