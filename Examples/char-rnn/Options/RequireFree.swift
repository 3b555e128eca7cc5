import ArgumentParser
import CharRNN
import FoundationEssentials
import Glibc

/// What somebody has is not written over unasked.
///
/// - Throws: ``Failure``.
func requireFree(_ path: String, force: Bool) throws {
    var found = stat()
    guard stat(FileName.cString(path), &found) == 0 else { return }
    switch found.st_mode & S_IFMT {
    case S_IFDIR: throw Failure("\(path) is a folder; name a file")
    case S_IFREG where !force:
        throw Failure("\(path) already exists; name another output, or add --force to overwrite it")
    // A pipe or a device is refused when it is written.
    default: break
    }
}

/// Before the work and not after it: the name is that of a file, and there is a folder to write into.
///
/// - Throws: ``Failure``, `ValidationError`.
func requireFolder(of path: String) throws {
    try require(!path.hasSuffix("/"), "\(path): a name that ends in / is a folder's; name a file.")
    let folder = URL(named: path).deletingLastPathComponent()
    guard access(FileName.cString(folder.path), W_OK | X_OK) != 0 else { return }
    let reason = errno == ENOENT ? "there is no such folder" : String(cString: strerror(errno))
    throw Failure("cannot write \(path) into \(folder.relativePath): \(reason)")
}
