import FoundationEssentials

extension URL {
    /// The file or folder of a name as it was typed. Foundation makes a ~ at its beginning the home of a user, which shells
    /// have done already where it was meant.
    init(named name: String, isFolder: Bool = false) {
        let path = name.hasPrefix("~") ? "./" + name : name
        self = isFolder ? URL(fileURLWithPath: path, isDirectory: true) : URL(fileURLWithPath: path)
    }
}
