import CharRNN
import FoundationEssentials
import Glibc

/// Follows a history as it grows.
struct HistoryFile {
    enum Change {
        /// What was told of the file is not in it any more: a run that is resumed writes another in its place.
        case replaced
        /// Lines that are complete, without their ends.
        case lines([Data])
    }

    let path: String
    private var inode: UInt64?
    /// What was told.
    private var offset: off_t = 0

    /// How much is read at once. A line that is longer is passed over.
    private static let block = 4 << 20

    init(path: String) { self.path = path }

    /// What has changed since the last call; nil for nothing, and while there is no such file. There may be more at once.
    mutating func next() -> Change? {
        let descriptor = open(FileName.cString(path), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        let isNew = inode != nil && inode != UInt64(status.st_ino)
        if isNew || status.st_size < offset {
            (inode, offset) = (UInt64(status.st_ino), 0)
            return .replaced
        }
        inode = UInt64(status.st_ino)
        guard status.st_size > offset else { return nil }
        var bytes = [UInt8](repeating: 0, count: min(Int(status.st_size - offset), Self.block))
        let count = pread(descriptor, &bytes, bytes.count, offset)
        guard count > 0 else { return nil }
        guard let end = bytes[..<count].lastIndex(of: 10) else {
            if count == Self.block { offset += off_t(count) }
            return nil
        }
        offset += off_t(end + 1)
        return .lines(bytes[..<end].split(separator: 10).map { Data($0) })
    }
}
