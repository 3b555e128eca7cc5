import Glibc

/// What somebody has is not written over unasked.
///
/// - Throws: ``Failure``.
func requireFree(_ path: String, force: Bool) throws {
    var found = stat()
    // A pipe or a device is refused when it is written.
    let isInTheWay = stat(path, &found) == 0 && [S_IFREG, S_IFDIR].contains(found.st_mode & S_IFMT)
    if isInTheWay, found.st_mode & S_IFMT == S_IFDIR { throw Failure("\(path) is a folder; name a file") }
    guard force || !isInTheWay else {
        throw Failure("\(path) already exists; name another output, or add --force to overwrite it")
    }
}
