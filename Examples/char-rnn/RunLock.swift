import FoundationEssentials
import Glibc

/// A run's claim on its checkpoint folder, for two runs would mix their histories and write each other's checkpoints.
///
/// The claim is the system's lock on a file, which ends with the process however it ends; the file only says who holds
/// it. On a file system without locks the run goes on, with a warning.
final class RunLock {
    private let descriptor: Int32
    private let path: String

    /// - Throws: ``Failure`` when another run has the folder, or when nothing can be written there.
    init(on folder: URL) throws {
        path = folder.appendingPathComponent("run.lock").path
        while true {
            let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
            guard descriptor >= 0 else {
                throw Failure(
                    "cannot write into \(folder.relativePath): \(String(cString: strerror(errno))); name another folder "
                        + "with --checkpoint-dir")
            }
            if flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
                let code = errno
                if code == EWOULDBLOCK {
                    defer { close(descriptor) }
                    throw Failure(
                        "another run\(Self.holder(descriptor)) is writing into \(folder.relativePath); wait for it, stop "
                            + "it, or name another folder with --checkpoint-dir")
                }
                Console.note(
                    "note: \(folder.relativePath) cannot be locked (\(String(cString: strerror(code)))); "
                        + "see to it that no other run writes there")
            }
            // A run that ended in the meantime has removed the file: what is locked must be what others will find.
            if Self.isSame(descriptor, path) {
                self.descriptor = descriptor
                break
            }
            close(descriptor)
        }
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, name.count - 1)
        let host = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let text = "process \(getpid()) on \(host), since \(Date.now.formatted(.iso8601))"
        ftruncate(descriptor, 0)
        // A full disk keeps only the words out; the lock holds.
        _ = text.withCString { write(descriptor, $0, strlen($0)) }
    }

    deinit {
        unlink(path)
        close(descriptor)
    }

    /// What the holder has written about itself, in brackets.
    private static func holder(_ descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 400)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        return count > 0 ? " (\(String(decoding: bytes.prefix(count), as: UTF8.self)))" : ""
    }

    private static func isSame(_ descriptor: Int32, _ path: String) -> Bool {
        var mine = stat()
        var found = stat()
        return fstat(descriptor, &mine) == 0 && stat(path, &found) == 0 && mine.st_ino == found.st_ino
            && mine.st_dev == found.st_dev
    }
}
