import CharRNN
import FoundationEssentials
import Glibc

/// Files that the command writes where it was told to.
enum OutputFile {
    /// What somebody has is not written over unasked.
    ///
    /// - Throws: ``Failure``.
    static func requireFree(_ path: String, force: Bool) throws {
        var found = stat()
        // A pipe or a device is refused when it is written.
        let isInTheWay = stat(path, &found) == 0 && [S_IFREG, S_IFDIR].contains(found.st_mode & S_IFMT)
        guard force || !isInTheWay else {
            throw Failure("\(path) is there already; name another output, or add --force to overwrite it")
        }
    }

    /// Writes a file that is there whole or not at all.
    ///
    /// - Throws: ``Failure`` with the system's reason.
    static func write(_ data: Data, to path: String) throws {
        var found = stat()
        guard stat(path, &found) != 0 || found.st_mode & S_IFMT == S_IFREG else {
            throw Failure("cannot write \(path): it is there and is not a plain file")
        }
        errno = 0
        do { try data.write(to: URL(named: path), options: .atomic) } catch {
            let reason = errno == 0 ? "it cannot be written there" : String(cString: strerror(errno))
            throw Failure("cannot write \(path): \(reason)")
        }
    }
}
