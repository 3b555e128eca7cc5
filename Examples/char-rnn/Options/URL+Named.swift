import CharRNN
import FoundationEssentials
import Glibc

extension URL {
    /// The file or folder of a name as it was typed. Foundation makes a ~ at its beginning the home of a user, which shells
    /// have done already where it was meant.
    init(named name: String, isFolder: Bool = false) {
        let path = name.hasPrefix("~") ? "./" + name : name
        self =
            isFolder
            ? URL(fileURLWithPath: path, isDirectory: true, relativeTo: Self.currentFolder)
            : URL(fileURLWithPath: path, relativeTo: Self.currentFolder)
    }

    /// Foundation mends its name where that is not UTF-8.
    private static let currentFolder = getcwd(nil, 0).map {
        URL(fileURLWithPath: FileName.string($0), isDirectory: true)
    }
}
