import CharRNNFiles
import FoundationEssentials
import Glibc

/// A folder for people who work with another program: the weights of a model, and a program beside them that computes with
/// them.
struct ProgramFolder {
    let url: URL
    /// The name and the text of the program.
    let program: (name: String, text: String)

    /// Makes the folder where there is none, and writes both; weights that are there are replaced.
    ///
    /// - Throws: `FileError`, also when another program of that name is there, and what `writeWeights` throws.
    func write(_ writeWeights: () throws -> Void) throws {
        let isThere = mkdir(url.systemPath, 0o777) == 0 || errno == EEXIST
        guard isThere else { throw FileError.writing(url) }
        guard FileStatus(url)?.kind == .folder else {
            throw FileError(
                action: "write a folder", path: url.path, reason: "a file of that name is there; name another folder")
        }
        let (file, text) = (url.appendingPathComponent(program.name), Data(program.text.utf8))
        let other = try? PlainFile.bytes(of: file)
        guard other == nil || other == text else {
            throw FileError(
                action: "write", path: file.path,
                reason: "another program of that name is there; name another folder")
        }
        try writeWeights()
        try AtomicFile.write(text, to: file)
    }
}
