import CharRNN
import Foundation

/// Calls `body` with a new folder of its own, which is removed afterwards with all that is in it.
package func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = try makeTemporaryFolder()
    defer { removeTemporaryFolder(folder) }
    return try body(folder)
}

/// The same for a body that waits.
package func withTemporaryFolder<Result>(
    isolation: isolated (any Actor)? = #isolation, _ body: (URL) async throws -> Result
) async throws -> Result {
    let folder = try makeTemporaryFolder()
    defer { removeTemporaryFolder(folder) }
    return try await body(folder)
}

private func makeTemporaryFolder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("char-rnn-test-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    // Without links in it, so that paths in messages can be compared.
    return folder.resolvingSymlinksInPath()
}

/// Also what its test has made read-only, and names that Foundation does not see.
private func removeTemporaryFolder(_ folder: URL) {
    let path = FileName.cString(folder.path)
    guard unlink(path) != 0 else { return }
    chmod(path, 0o755)
    for name in (try? FileName.all(in: folder)) ?? [] { removeTemporaryFolder(folder.appendingPathComponent(name)) }
    rmdir(path)
}
