import FoundationEssentials
import Glibc

/// Why a file could not be written.
public struct FileError: Error, Equatable, CustomStringConvertible {
    /// What was to be done with it, such as "write".
    public let action: String
    /// The file, as it was named.
    public let path: String
    /// In the system's words.
    public let reason: String

    package init(action: String, path: String, reason: String) {
        self.action = action
        self.path = path
        self.reason = reason
    }

    public var description: String { "cannot \(action) \(path): \(reason)" }

    /// From errno, so ask before anything else changes it.
    package static func system(_ action: String, _ file: URL) -> FileError {
        FileError(action: action, path: file.path, reason: String(cString: strerror(errno)))
    }

    /// The same.
    package static func writing(_ file: URL) -> FileError { system("write", file) }
}

extension FileError: LocalizedError {
    public var errorDescription: String? { description }
}
