import FoundationEssentials
import Glibc

package enum Folder {
    /// Makes a folder where there is none, and the folders on the way to it.
    ///
    /// - Throws: ``FileError``.
    package static func make(_ folder: URL) throws {
        var path = folder.systemPath
        let slash = CChar(UInt8(ascii: "/"))
        for end in path.indices.dropFirst() where path[end] == slash {
            path[end] = 0
            mkdir(path, 0o777)
            path[end] = slash
        }
        guard mkdir(path, 0o777) != 0, errno != EEXIST || FileStatus(folder)?.kind != .folder else { return }
        throw FileError.system("make", folder)
    }
}
