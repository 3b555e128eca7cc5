import FoundationEssentials

/// Where files lie that spare work and can be made anew: `$XDG_CACHE_HOME/char-rnn`, by default below `~/.cache`.
package enum CacheFolder {
    private static let url: URL = {
        let environment = ProcessInfo.processInfo.environment
        let home = URL(fileURLWithPath: environment["HOME"] ?? "/")
        let given = environment["XDG_CACHE_HOME"].flatMap { $0.isEmpty ? nil : URL(fileURLWithPath: $0) }
        return (given ?? home.appendingPathComponent(".cache")).appendingPathComponent("char-rnn")
    }()

    /// The file of a kind, "program" in the folder "programs", for a key.
    package static func file(_ kind: String, for key: [UInt8]) -> URL {
        url.appendingPathComponent("\(kind)s/\(String(contentHash(key), radix: 16)).\(kind)")
    }

    /// Writes a file, whole or not at all, and the folders on the way to it.
    ///
    /// - Throws: ``FileError``, or why a folder cannot be made.
    package static func write(_ data: Data, to file: URL) throws {
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try AtomicFile.write(data, to: file)
    }
}
