import CharRNNFiles
import FoundationEssentials
import Glibc

/// The folder in which PoCL keeps what it compiles. Where it cannot be made PoCL answers that there is no device, and
/// where it cannot be written every build fails, without a word of why.
package struct PoCLCache {
    package let path: String

    /// The folder in an environment, as PoCL finds it (`pocl_cache_init_topdir`).
    package init(in environment: [String: String] = FileName.environment) {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        path =
            value("POCL_CACHE_DIR") ?? value("XDG_CACHE_HOME").map { "\($0)/pocl/kcache" }
            ?? environment["HOME"].map { "\($0)/.cache/pocl/kcache" } ?? "/tmp/pocl/kcache"
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
