import Glibc

/// The words of the command line, which Swift takes for UTF-8 and mends where they are not: it would name another file.
enum RawArguments {
    /// All words after the program's name.
    ///
    /// - Throws: ``Failure`` for one that is not UTF-8, since no URL has such a name.
    static func all() throws -> [String] {
        try (1..<max(1, Int(CommandLine.argc))).map { index in
            let word = CommandLine.unsafeArgv[index]!
            guard let text = String(validatingCString: word) else {
                let bytes = UnsafeBufferPointer(start: word, count: strlen(word)).map(UInt8.init(bitPattern:))
                throw Failure(
                    "'\(escaped(bytes))' is not UTF-8, and char-rnn only takes names and texts that are; give the file a "
                        + "name that is, or a link to it: ln -s OLD NEW")
            }
            return text
        }
    }

    /// - Throws: ``Failure`` when the current folder has such a name, for then all names relative to it have one.
    static func checkFolder() throws {
        guard let path = getcwd(nil, 0) else { return }
        defer { free(path) }
        guard String(validatingCString: path) == nil else { return }
        throw Failure("the name of the current folder is not UTF-8, as char-rnn needs it; go to another folder")
    }

    private static func escaped(_ bytes: [UInt8]) -> String {
        bytes.map { 0x20..<0x7F ~= $0 ? String(Unicode.Scalar($0)) : "\\x" + String($0, radix: 16) }.joined()
    }
}
