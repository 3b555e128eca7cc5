import FoundationEssentials
import Glibc

/// By which a change of a file is noticed.
struct FileStamp: Equatable {
    private let size: Int
    private let seconds, nanoseconds: Int
    private let inode: UInt64

    /// Of the file that a dataset reads for `url`; nil when it is none that stays, such as a pipe.
    init?(ofText url: URL) {
        var status = stat()
        guard stat(url.path, &status) == 0 else { return nil }
        if status.st_mode & S_IFMT == S_IFDIR, stat(url.appendingPathComponent("input.txt").path, &status) != 0 {
            return nil
        }
        guard status.st_mode & S_IFMT == S_IFREG else { return nil }
        size = Int(status.st_size)
        seconds = status.st_mtim.tv_sec
        nanoseconds = status.st_mtim.tv_nsec
        inode = UInt64(status.st_ino)
    }
}
