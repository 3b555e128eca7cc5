import FoundationEssentials
import Glibc

/// By which a change of a file is noticed.
struct FileStamp: Equatable {
    private let size: Int
    private let seconds, nanoseconds: Int
    private let inode: UInt64

    /// Nil for a file that is gone.
    init?(_ file: URL) {
        var status = stat()
        guard stat(file.path, &status) == 0 else { return nil }
        size = Int(status.st_size)
        seconds = status.st_mtim.tv_sec
        nanoseconds = status.st_mtim.tv_nsec
        inode = UInt64(status.st_ino)
    }
}
