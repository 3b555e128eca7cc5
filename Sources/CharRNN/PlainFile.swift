import FoundationEssentials
import Glibc

/// Files that are read whole, which only plain ones can be: a pipe may wait for ever, and a device may have no end.
enum PlainFile {
    /// Why a file was not read.
    struct Refusal: Error {
        let reason: String
    }

    /// The bytes of a file, mapped, so that one larger than the memory can be read.
    static func bytes(of file: URL) throws(Refusal) -> Data {
        var status = stat()
        guard stat(file.path, &status) == 0, access(file.path, R_OK) == 0 else {
            throw Refusal(reason: String(cString: strerror(errno)))
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: throw Refusal(reason: "it is a folder")
        case S_IFIFO: throw Refusal(reason: "it is a pipe; save what comes out of it as a file first")
        default: throw Refusal(reason: "it is a device, not a plain file; save what you need of it as a file first")
        }
        do { return try Data(contentsOf: file, options: .mappedIfSafe) } catch {
            throw Refusal(reason: "\(error)")
        }
    }
}
