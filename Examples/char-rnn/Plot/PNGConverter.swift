import FoundationEssentials
import Glibc

/// `rsvg-convert`, a program of librsvg that draws SVG pictures; where it is not installed there are no PNGs.
enum PNGConverter {
    /// The picture, twice as large as it says of itself.
    ///
    /// - Throws: ``Failure`` when the program is not there or fails.
    static func png(of svg: Data) throws -> Data {
        let folder = FileManager.default.temporaryDirectory
        let name = "char-rnn-\(UInt64.random(in: 0 ... .max))"
        let (source, drawn) = (
            folder.appendingPathComponent(name + ".svg"), folder.appendingPathComponent(name + ".png")
        )
        defer { for file in [source, drawn] { unlink(file.path) } }
        try OutputFile.write(svg, to: source.path)
        let status = try run(["rsvg-convert", "--zoom", "2", "--output", drawn.path, source.path])
        guard status == 0, let bytes = try? Data(contentsOf: drawn) else {
            throw Failure("rsvg-convert, which makes a .png, ended with status \(status); write an .svg")
        }
        return bytes
    }

    /// Runs a program that is looked for in PATH, and waits for its end.
    private static func run(_ words: [String]) throws -> Int32 {
        var arguments = words.map { strdup($0) } + [nil]
        var environment = ProcessInfo.processInfo.environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for text in arguments + environment { free(text) } }
        var process = pid_t()
        guard posix_spawnp(&process, words[0], nil, nil, &arguments, &environment) == 0 else {
            throw Failure(
                "a .png is made by rsvg-convert, which is not installed (Debian: apt install librsvg2-bin); write an .svg"
            )
        }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + (status & 0x7F)
    }
}
