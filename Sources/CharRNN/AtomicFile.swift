import FoundationEssentials
import Glibc

/// Files that are there whole or not at all.
enum AtomicFile {
    /// Writes `parts` one after the other beside `file`, waits until the disk has them, and renames: whoever opens
    /// `file` sees the old content or the new, also after a power cut.
    ///
    /// - Throws: ``FileError`` with the system's reason; `file` is then untouched and nothing is left beside it.
    static func write(_ parts: [Data], to file: URL) throws {
        // Renaming would put a file into the place of a pipe or, for root, of a device such as /dev/null.
        var status = stat()
        if stat(file.path, &status) == 0, ![S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT) {
            throw FileError(action: "write", path: file.path, reason: "it is there and is not a plain file")
        }
        let folder = file.deletingLastPathComponent()
        // A name of its own, for other tasks and programs may be writing the same file.
        let unique = UInt64.random(in: 0 ... .max)
        let temporary = folder.appendingPathComponent(".\(file.lastPathComponent).\(unique).tmp").path
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw FileError.writing(file) }
        do {
            for part in parts { try write(part, to: descriptor, file) }
            guard fsync(descriptor) == 0 else { throw FileError.writing(file) }
        } catch {
            close(descriptor)
            unlink(temporary)
            throw error
        }
        guard close(descriptor) == 0, rename(temporary, file.path) == 0 else {
            let error = FileError.writing(file)
            unlink(temporary)
            throw error
        }
        // The new name is in the folder, which the disk must have too. Some file systems cannot; the file is whole.
        let folderDescriptor = open(folder.path, O_RDONLY | O_CLOEXEC)
        if folderDescriptor >= 0 {
            fsync(folderDescriptor)
            close(folderDescriptor)
        }
    }

    private static func write(_ data: Data, to descriptor: Int32, _ file: URL) throws {
        try data.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let written = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if written > 0 {
                    rest = rest.dropFirst(written)
                } else if errno != EINTR {
                    throw FileError.writing(file)
                }
            }
        }
    }
}

/// Why a file could not be written.
public struct FileError: Error, Equatable, CustomStringConvertible {
    public let action: String
    public let path: String
    public let reason: String

    public var description: String { "cannot \(action) \(path): \(reason)" }

    // From errno, so ask before anything else changes it.
    static func writing(_ file: URL) -> FileError {
        FileError(action: "write", path: file.path, reason: String(cString: strerror(errno)))
    }
}
