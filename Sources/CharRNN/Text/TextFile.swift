import FoundationEssentials
import Glibc

/// Finding and reading the text of a dataset.
enum TextFile {
    /// The text named by `url`: the file itself, or the `input.txt` of a folder.
    ///
    /// - Throws: ``TextError/unreadable(file:reason:)``.
    static func read(_ url: URL) throws -> (file: URL, bytes: Data) {
        var file = url
        if isFolder(url) {
            file = url.appendingPathComponent("input.txt")
            guard FileManager.default.fileExists(atPath: file.path) else {
                throw TextError.unreadable(
                    file: file.path, reason: "the folder has no input.txt; put your text there under that name")
            }
        }
        // Mapped, so that a text larger than the memory can be read; errno says why it cannot.
        guard access(file.path, R_OK) == 0 else {
            throw TextError.unreadable(file: file.path, reason: String(cString: strerror(errno)))
        }
        guard !isFolder(file) else { throw TextError.unreadable(file: file.path, reason: "it is a folder") }
        do {
            return (file, try Data(contentsOf: file, options: .mappedIfSafe))
        } catch {
            throw TextError.unreadable(file: file.path, reason: "\(error)")
        }
    }

    private static func isFolder(_ url: URL) -> Bool {
        var isDirectory = false
        return FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory) && isDirectory
    }
}
