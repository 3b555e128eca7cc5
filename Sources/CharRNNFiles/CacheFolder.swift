import FoundationEssentials

/// Where files lie that spare work and can be made anew: `$XDG_CACHE_HOME/char-rnn`, by default below `~/.cache`.
package enum CacheFolder {
    private static let url = folder(in: FileName.environment)

    /// The folder in an environment. Paths that are not absolute are ignored, as the XDG Base Directory Specification
    /// has it; nil where none is left, so that nothing is kept.
    package static func folder(in environment: [String: String]) -> URL? {
        func absolute(_ name: String) -> URL? {
            environment[name].flatMap { $0.hasPrefix("/") ? URL(fileURLWithPath: $0) : nil }
        }
        let caches = absolute("XDG_CACHE_HOME") ?? absolute("HOME")?.appendingPathComponent(".cache")
        return caches?.appendingPathComponent("char-rnn")
    }

    /// The file of a kind, "program" in the folder "programs", for a key; nil where nothing is kept.
    package static func file(_ kind: String, for key: [UInt8]) -> URL? {
        url?.appendingPathComponent("\(kind)s/\(String(contentHash(key), radix: 16)).\(kind)")
    }

    /// Writes a file, whole or not at all, and the folders on the way to it.
    ///
    /// - Throws: ``FileError``.
    package static func write(_ data: Data, to file: URL) throws {
        try Folder.make(file.deletingLastPathComponent())
        try AtomicFile.write(data, to: file)
    }
}
