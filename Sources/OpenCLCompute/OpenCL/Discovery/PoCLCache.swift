import CharRNNFiles
import FoundationEssentials
import Glibc

/// The folder in which PoCL keeps what it compiles. Where it cannot be made PoCL answers that there is no device, and
/// where it cannot be written every build fails, without a word of why.
package struct PoCLCache {
    package let path: String
    /// Whether PoCL by itself would take another, below the folder that the program happens to be in.
    package let isOurs: Bool

    /// The folder in an environment, as PoCL finds it (`pocl_cache_init_topdir`), but where that would be a relative one of
    /// a cache or home folder. Those count as not there, as the XDG Base Directory Specification has it.
    package init(in environment: [String: String] = FileName.environment) {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        func choice(_ isGood: (String) -> Bool) -> String {
            value("XDG_CACHE_HOME").flatMap { isGood($0) ? "\($0)/pocl/kcache" : nil }
                ?? environment["HOME"].flatMap { isGood($0) ? "\($0)/.cache/pocl/kcache" : nil } ?? "/tmp/pocl/kcache"
        }
        path = value("POCL_CACHE_DIR") ?? choice { $0.hasPrefix("/") }
        isOurs = value("POCL_CACHE_DIR") == nil && path != choice { _ in true }
    }

    /// Has PoCL take this folder, when it has not begun yet.
    package func tellPoCL() {
        if isOurs { setenv("POCL_CACHE_DIR", path, 1) }
    }

    /// ``DeviceError/unwritableCache(path:reason:)`` if that is what ails a platform; nil for other platforms than PoCL.
    package func defect(ofPlatform name: String) -> DeviceError? {
        guard name == "Portable Computing Language" else { return nil }
        // As PoCL itself does.
        try? Folder.make(URL(fileURLWithPath: path))
        guard access(FileName.cString(path), W_OK | X_OK) != 0 else { return nil }
        return .unwritableCache(path: path, reason: String(cString: strerror(errno)))
    }
}
