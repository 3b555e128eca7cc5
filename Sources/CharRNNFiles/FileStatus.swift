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
    /// In nanoseconds since 1970.
    package let modified: Int
    private let device, inode: UInt64

    /// - Parameter followsLinks: whether a link stands for what it leads to.
    /// - Returns: nil where nothing is to be seen; `errno` says why.
    package init?(_ file: URL, followsLinks: Bool = true) {
        var found = stat()
        guard (followsLinks ? stat(file.systemPath, &found) : lstat(file.systemPath, &found)) == 0 else { return nil }
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
        modified = found.st_mtim.tv_sec &* 1_000_000_000 &+ found.st_mtim.tv_nsec
    }

    /// Whether both are one file, whatever it is called and whatever has become of it.
    package func isSameFile(as other: FileStatus) -> Bool { inode == other.inode && device == other.device }

    /// Whether nothing has a file's name.
    package static func isGone(_ file: URL) -> Bool { FileStatus(file) == nil && errno == ENOENT }

    /// Whether two paths lead to one file or folder that is there.
    package static func isSameFile(_ a: URL, _ b: URL) -> Bool {
        guard let a = FileStatus(a), let b = FileStatus(b) else { return false }
        return a.isSameFile(as: b)
    }
}
