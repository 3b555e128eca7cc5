import FoundationEssentials
import Glibc

/// Files that are there whole or not at all.
public enum AtomicFile {
    /// Writes `data` beside `file`, waits until the disk has it, and renames: whoever opens `file` sees the old content or
    /// the new, also after a power cut.
    ///
    /// - Throws: ``FileError`` with the system's reason; `file` is then untouched and nothing is left beside it.
    public static func write(_ data: Data, to file: URL) throws { try write(to: file) { try $0.append(data) } }

    /// The same for what `body` writes, piece after piece.
    ///
    /// - Parameter survivesPowerCut: whether to wait for the disk. Otherwise a power cut soon after may leave anything, which
    ///   whoever reads the file must tell by a checksum.
    /// - Throws: ``FileError`` with the system's reason, or what `body` throws; `file` is then untouched and nothing is
    ///   left beside it.
    package static func write(
        to file: URL, survivesPowerCut: Bool = true, _ body: (Writer) throws -> Void
    ) throws {
        // Renaming would put a file into the place of a pipe or, for root, of a device such as /dev/null.
        if let status = FileStatus(file), ![.file, .folder].contains(status.kind) {
            throw FileError(action: "write", path: file.path, reason: "it is there and is not a plain file")
        }
        let folder = file.deletingLastPathComponent()
        // A name of its own, for other tasks and programs may be writing the same file.
        let unique = UInt64.random(in: 0 ... .max)
        let temporary = folder.appendingPathComponent(".\(file.lastPathComponent).\(unique).tmp").systemPath
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw FileError.writing(file) }
        // Ends with this process, so that what a dead one has left is known by it.
        _ = FileLock.take(descriptor)
        do {
            try body(Writer(descriptor: descriptor, file: file))
            guard !survivesPowerCut || fsync(descriptor) == 0 else { throw FileError.writing(file) }
        } catch {
            close(descriptor)
            unlink(temporary)
            throw error
        }
        guard close(descriptor) == 0, rename(temporary, file.systemPath) == 0 else {
            let error = FileError.writing(file)
            unlink(temporary)
            throw error
        }
        guard survivesPowerCut else { return }
        // The new name is in the folder, which the disk must have too. Some file systems cannot; the file is whole.
        let folderDescriptor = open(folder.systemPath, O_RDONLY | O_CLOEXEC)
        if folderDescriptor >= 0 {
            fsync(folderDescriptor)
            close(folderDescriptor)
        }
    }

    /// Removes what processes that were killed in the middle of writing a file with this extension have left in
    /// `folder`. Files that are being written are left alone.
    package static func removeLeftovers(in folder: URL, extension: String) {
        let names = (try? FileName.all(in: folder)) ?? []
        let number = #/\.(\d{1,20})\.tmp/#
        for name in names where name.hasPrefix(".") {
            guard let end = name.firstMatch(of: number), end.range.upperBound == name.endIndex,
                name[..<end.range.lowerBound].hasSuffix(".\(`extension`)")
            else { continue }
            let path = folder.appendingPathComponent(name).systemPath
            let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
            guard descriptor >= 0 else { continue }
            if FileLock.take(descriptor) { unlink(path) }
            close(descriptor)
        }
    }

    /// A file that is being written.
    package struct Writer {
        fileprivate let descriptor: Int32
        fileprivate let file: URL

        package func append(_ data: Data) throws { try data.withUnsafeBytes { try append($0) } }

        package func append(_ bytes: UnsafeRawBufferPointer) throws {
            try write(bytes) { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        }

        /// Writes over the first bytes.
        package func replaceStart(with data: Data) throws {
            var offset = 0
            try data.withUnsafeBytes { bytes in
                try write(bytes) { rest in
                    let written = pwrite(descriptor, rest.baseAddress, rest.count, offset)
                    offset += max(written, 0)
                    return written
                }
            }
        }

        private func write(_ bytes: UnsafeRawBufferPointer, by call: (UnsafeRawBufferPointer) -> Int) throws {
            var rest = bytes[...]
            while !rest.isEmpty {
                let written = call(UnsafeRawBufferPointer(rebasing: rest))
                if written > 0 {
                    rest = rest.dropFirst(written)
                } else if errno != EINTR {
                    throw FileError.writing(file)
                }
            }
        }
    }
}
