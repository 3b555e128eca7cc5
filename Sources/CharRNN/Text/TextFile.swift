import FoundationEssentials

/// Finding the text of a dataset.
enum TextFile {
    /// The text named by `url`: the file itself, or the `input.txt` of a folder.
    ///
    /// - Throws: ``TextError/unreadable(file:reason:)``.
    static func find(_ url: URL) throws -> URL {
        var file = url
        if isFolder(url) {
            file = url.appendingPathComponent("input.txt")
            guard FileManager.default.fileExists(atPath: file.path) else {
                throw TextError.unreadable(
                    file: file.path, reason: "the folder has no input.txt; put your text there under that name")
            }
        }
        do { try PlainFile.check(file) } catch { throw TextError.unreadable(file: file.path, reason: error.reason) }
        return file
    }

    private static func isFolder(_ url: URL) -> Bool {
        var isDirectory = false
        return FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory) && isDirectory
    }
}
