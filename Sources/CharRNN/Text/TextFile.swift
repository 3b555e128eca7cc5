import CharRNNFiles
import FoundationEssentials
import Glibc

/// The files that make the text of a dataset, one after the other.
struct TextFile {
    /// With whole paths, which are looked up many times faster than relative ones.
    let files: [URL]
    /// What the system says of each.
    let statuses: [FileStatus]
    /// Beside which the cache lies.
    let url: URL
    /// What a user should know.
    let notice: String?

    /// What each of `urls` names, in that order: the file itself; the `input.txt` of a folder, or where there is none all
    /// texts in it.
    ///
    /// - Throws: ``TextError/unreadable(file:reason:)``, `CancellationError` when the task is cancelled.
    init(_ urls: [URL]) throws {
        precondition(!urls.isEmpty, "a text of no files")
        var (files, statuses): ([URL], [FileStatus]) = ([], [])
        func append(_ file: URL, _ status: FileStatus?) throws {
            try Task.checkCancellation()
            do { statuses.append(try PlainFile.check(file, status)) } catch {
                throw TextError.unreadable(file: file.path, reason: error.reason)
            }
            files.append(file)
        }
        // As they were given.
        var names: [String] = []
        var isFolder: [Bool] = []
        for url in urls {
            let (whole, given) = (url.absoluteURL, url.relativePath)
            let status = FileStatus(whole)
            isFolder.append(status?.kind == .folder)
            guard status?.kind == .folder else {
                try append(whole, status)
                names.append(given)
                continue
            }
            let paths = try Self.paths(in: whole)
            for path in paths {
                let file = whole.appendingPathComponent(path)
                try append(file, FileStatus(file))
            }
            names += [paths[0], paths[paths.count - 1]].map { "\(given)/\($0)" }
        }
        (self.files, self.statuses) = (files, statuses)
        notice =
            files.count == 1
            ? nil : "the text is \(Count(files.count)) files, from \(names[0]) to \(names[names.count - 1])"
        let first = isFolder[0] && files.count > 1 ? urls[0].absoluteURL.appendingPathComponent("texts") : files[0]
        // Apart from the cache of the first alone.
        url = urls.count == 1 ? first : first.appendingPathExtension("more")
    }

    /// What a folder stands for.
    private static func paths(in folder: URL) throws -> [String] {
        let input = folder.appendingPathComponent("input.txt")
        guard FileStatus(input) == nil else { return ["input.txt"] }
        let texts = try texts(in: folder)
        guard !texts.isEmpty else {
            throw TextError.unreadable(
                file: input.path,
                reason: "the folder has neither an input.txt nor another .txt; put your text there under such a name")
        }
        return texts
    }

    /// The texts of a folder and of those in it, in the order of the bytes of their paths. Links to folders are not
    /// followed, for they may lead back.
    private static func texts(in folder: URL) throws -> [String] {
        var paths: [String] = []
        func look(into path: String) throws {
            let place = folder.appendingPathComponent(path)
            let names: [String]
            do { names = try FileName.all(in: place) } catch let error as FileError {
                throw TextError.unreadable(file: place.path, reason: error.reason)
            }
            for name in names where !name.hasPrefix(".") {
                try Task.checkCancellation()
                if FileStatus(place.appendingPathComponent(name), followsLinks: false)?.kind == .folder {
                    try look(into: path + name + "/")
                } else if isText(name) {
                    paths.append(path + name)
                }
            }
        }
        try look(into: "")
        return FileName.sorted(paths)
    }

    private static func isText(_ name: String) -> Bool {
        name.hasSuffix(".txt") || Packing.allCases.contains { name.hasSuffix(".txt.\($0)") }
    }

    /// Of packed files a guess.
    var byteCount: Int {
        zip(files, statuses).reduce(0) { $0 + $1.1.size * (Packing(of: $1.0) == nil ? 1 : 3) }
    }

    /// What errors call the whole.
    var name: String {
        files.count == 1 ? files[0].path : "the text of \(files[0].path) and \(Count(files.count - 1)) more"
    }
}
