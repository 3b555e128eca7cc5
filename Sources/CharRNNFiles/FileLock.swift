import FoundationEssentials
import Glibc

/// A file that this process has for itself, by the system's lock on it. The lock ends with the process, however it ends;
/// the file only says who holds it, and is removed when the lock is given back.
package final class FileLock: Sendable {
    /// Why there is no lock.
    package enum Refusal: Error, Equatable {
        /// The file cannot be opened or made.
        case unusable(reason: String)
        /// Another process has it, which has written `holder`.
        case held(holder: String)
    }

    /// Why the file system gives no locks. The file is open then, and nobody else is kept away; nil where it is locked.
    package let weakness: String?
    private let descriptor: Int32
    private let file: URL

    /// Makes `file` where it is not there, and locks it.
    package init(_ file: URL) throws(Refusal) {
        self.file = file
        while true {
            let descriptor = open(file.systemPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
            guard descriptor >= 0 else { throw .unusable(reason: String(cString: strerror(errno))) }
            var weakness: String?
            if !Self.take(descriptor) {
                let code = errno
                if code == EWOULDBLOCK {
                    defer { close(descriptor) }
                    throw .held(holder: Self.contents(of: descriptor))
                }
                weakness = String(cString: strerror(code))
            }
            // A process that ended in the meantime has removed the file: what is locked must be what others will find.
            if Self.isThere(file, descriptor) {
                self.descriptor = descriptor
                self.weakness = weakness
                return
            }
            close(descriptor)
        }
    }

    deinit {
        // Where somebody has removed the file, that of its name is another's.
        if Self.isThere(file, descriptor) { unlink(file.systemPath) }
        close(descriptor)
    }

    /// Whether nothing has the file's name any more, so that others do not see that it is locked.
    package var isGone: Bool { FileStatus.isGone(file) }

    /// Has the file say who holds it. A full disk keeps only the words out; the lock holds.
    package func write(_ holder: String) {
        ftruncate(descriptor, 0)
        _ = holder.withCString { pwrite(descriptor, $0, strlen($0), 0) }
    }

    /// Locks an open file until it is closed, if no other process has; `errno` says why not.
    static func take(_ descriptor: Int32) -> Bool { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }

    /// Whether the open file is still the one of its name.
    private static func isThere(_ file: URL, _ descriptor: Int32) -> Bool {
        guard let mine = FileStatus(descriptor: descriptor), let found = FileStatus(file) else { return false }
        return found.isSameFile(as: mine)
    }

    private static func contents(of descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 400)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}
