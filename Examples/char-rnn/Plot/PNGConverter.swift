import CharRNN
import FoundationEssentials
import Glibc

/// `rsvg-convert`, a program of librsvg that draws SVG pictures; where it is not installed there are no PNGs.
enum PNGConverter {
    /// Draws a picture, twice as large as it says of itself.
    ///
    /// - Throws: ``Failure`` when the program is not there or fails; `FileError`.
    static func write(_ svg: Data, to file: URL) throws {
        let source = FileManager.default.temporaryDirectory
            .appendingPathComponent("char-rnn-\(UInt64.random(in: 0 ... .max)).svg")
        let drawn = source.deletingPathExtension().appendingPathExtension("png")
        defer { for file in [source, drawn] { unlink(file.path) } }
        try AtomicFile.write(svg, to: source)
        let status = try run(["rsvg-convert", "--zoom", "2", "--output", drawn.path, source.path], for: file)
        guard status == 0, let bytes = try? Data(contentsOf: drawn) else {
            throw Failure("cannot write \(file.relativePath): rsvg-convert ended with status \(status); write an .svg")
        }
        try AtomicFile.write(bytes, to: file)
    }

    /// Runs a program that is looked for in PATH, and waits for its end.
    private static func run(_ words: [String], for file: URL) throws -> Int32 {
        var arguments = words.map { strdup($0) } + [nil]
        var environment = ProcessInfo.processInfo.environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for text in arguments + environment { free(text) } }
        var process = pid_t()
        guard posix_spawnp(&process, words[0], nil, nil, &arguments, &environment) == 0 else {
            throw Failure(
                "cannot write \(file.relativePath): a .png is made by rsvg-convert, which is not installed (Debian: apt "
                    + "install librsvg2-bin); write an .svg")
        }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + (status & 0x7F)
    }
}
