import FoundationEssentials
import Glibc

/// Folders that are made with those on the way to them.
package enum Folder {
    /// Makes a folder where there is none.
    ///
    /// - Throws: ``FileError`` with what keeps the first one that is missing from being made.
    package static func make(_ folder: URL) throws(FileError) {
        var path = folder.systemPath
        let slash = CChar(UInt8(ascii: "/"))
        for end in path.indices.dropFirst() where path[end] == slash {
            path[end] = 0
            mkdir(path, 0o777)
            path[end] = slash
        }
        guard mkdir(path, 0o777) != 0, errno != EEXIST || FileStatus(folder)?.kind != .folder else { return }
        throw FileError(action: "make the folder", path: folder.path, reason: obstacle(to: folder))
    }

    private static func obstacle(to folder: URL) -> String {
        var (missing, place) = (folder, folder)
        while FileStatus(place) == nil, place.path != "/" {
            missing = place
            place = place.deletingLastPathComponent()
        }
        if let status = FileStatus(place), status.kind != .folder { return "\(place.path) is there, and is no folder" }
        guard mkdir(missing.systemPath, 0o777) != 0 else { return "it can be made now; try again" }
        return String(cString: strerror(errno)) + (missing == folder ? "" : " in \(place.path)")
    }
}
