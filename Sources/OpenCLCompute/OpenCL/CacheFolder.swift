import FoundationEssentials

/// Where files lie that spare work and can be made anew: `$XDG_CACHE_HOME/char-rnn`, by default below `~/.cache`.
enum CacheFolder {
    private static let url: URL = {
        let environment = ProcessInfo.processInfo.environment
        let home = URL(fileURLWithPath: environment["HOME"] ?? "/")
        let given = environment["XDG_CACHE_HOME"].flatMap { $0.isEmpty ? nil : URL(fileURLWithPath: $0) }
        return (given ?? home.appendingPathComponent(".cache")).appendingPathComponent("char-rnn")
    }()

    /// The file of a kind, "program" in the folder "programs", for a key.
    static func file(_ kind: String, for key: [UInt8]) -> URL {
        url.appendingPathComponent("\(kind)s/\(String(checksum(key), radix: 16)).\(kind)")
    }

    /// Writes a file, whole or not at all.
    static func write(_ data: Data, to file: URL) throws {
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: file, options: .atomic)
    }

    /// FNV-1a. Against damage, not against malice: who can write to the folder can run programs.
    static func checksum(_ bytes: [UInt8]) -> UInt64 {
        bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}
