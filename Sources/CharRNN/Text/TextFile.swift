import CharRNNFiles
import FoundationEssentials

/// Finding the text of a dataset.
enum TextFile {
    /// The text named by `url`: the file itself, or the `input.txt` of a folder.
    ///
    /// - Throws: ``TextError/unreadable(file:reason:)``.
    static func find(_ url: URL) throws -> URL {
        var file = url
        if FileStatus(url)?.kind == .folder {
            file = url.appendingPathComponent("input.txt")
            guard FileManager.default.fileExists(atPath: file.path) else {
                throw TextError.unreadable(
                    file: file.path, reason: "the folder has no input.txt; put your text there under that name")
            }
        }
        do { try PlainFile.check(file) } catch { throw TextError.unreadable(file: file.path, reason: error.reason) }
        return file
    }
}
