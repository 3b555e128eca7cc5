import FoundationEssentials
import Glibc

/// What the system says of a file. Where two of a file are equal, it has not changed in between.
package struct FileStatus: Equatable, Sendable {
    package enum Kind: Sendable {
        case file, folder, pipe, link, device
    }

    package let kind: Kind
    /// In bytes.
    package let size: Int
    private let device, inode: UInt64
    /// When it was changed last.
    private let seconds, nanoseconds: Int

    /// - Parameter followsLinks: whether a link stands for what it leads to.
    /// - Returns: nil where nothing is to be seen; `errno` says why.
    package init?(_ file: URL, followsLinks: Bool = true) {
        var found = stat()
        guard (followsLinks ? stat(file.path, &found) : lstat(file.path, &found)) == 0 else { return nil }
        self.init(found)
    }

    /// Of an open file. Nil where the system does not tell; `errno` says why.
    package init?(descriptor: Int32) {
        var found = stat()
        guard fstat(descriptor, &found) == 0 else { return nil }
        self.init(found)
    }

    private init(_ found: stat) {
        kind =
            switch found.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .folder
            case S_IFIFO: .pipe
            case S_IFLNK: .link
            default: .device
            }
        size = Int(found.st_size)
        device = UInt64(found.st_dev)
        inode = UInt64(found.st_ino)
        (seconds, nanoseconds) = (found.st_mtim.tv_sec, found.st_mtim.tv_nsec)
    }

    /// Whether both are one file, whatever it is called and whatever has become of it.
    package func isSameFile(as other: FileStatus) -> Bool { inode == other.inode && device == other.device }

    /// Whether two paths lead to one file or folder that is there.
    package static func isSameFile(_ a: URL, _ b: URL) -> Bool {
        guard let a = FileStatus(a), let b = FileStatus(b) else { return false }
        return a.isSameFile(as: b)
    }
}
