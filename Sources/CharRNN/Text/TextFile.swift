import CharRNNFiles
import FoundationEssentials

/// The files that make the text of a dataset, one after the other.
struct TextFile {
    let files: [URL]
    /// What the whole is called; its cache lies beside that.
    let url: URL

    /// The text named by `url`: the file itself, the `input.txt` of a folder, or where there is none its `*.txt` in the
    /// order of their names.
    ///
    /// - Throws: ``TextError/unreadable(file:reason:)``.
    init(_ url: URL) throws {
        if FileStatus(url)?.kind == .folder {
            let input = url.appendingPathComponent("input.txt")
            let others = FileStatus(input) == nil ? Self.texts(in: url) : []
            guard !others.isEmpty || FileStatus(input) != nil else {
                throw TextError.unreadable(
                    file: input.path,
                    reason: "the folder has neither an input.txt nor another .txt; put your text there under such a "
                        + "name")
            }
            files = others.isEmpty ? [input] : others
        } else {
            files = [url]
        }
        self.url = files.count == 1 ? files[0] : url.appendingPathComponent("texts")
        for file in files {
            do { try PlainFile.check(file) } catch {
                throw TextError.unreadable(file: file.path, reason: error.reason)
            }
        }
    }

    private static func texts(in folder: URL) -> [URL] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasSuffix(".txt") && !$0.hasPrefix(".") }.sorted()
            .map { folder.appendingPathComponent($0) }
    }

    /// As the files are now.
    var byteCount: Int { files.reduce(0) { $0 + (FileStatus($1)?.size ?? 0) } }

    /// What a user should know.
    var notice: String? {
        guard files.count > 1, let first = files.first, let last = files.last else { return nil }
        return "the text is \(files.count) files of the folder, from \(first.lastPathComponent) to "
            + last.lastPathComponent
    }
}
