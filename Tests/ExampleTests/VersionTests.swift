import Foundation
import TestSupport
import Testing

@Suite struct VersionTests {
    @Test func versionNamesTheCommitOfTheCheckout() throws {
        try Workplace.inNewFolder { place in
            let outcome = try place.run(["--version"])
            #expect(outcome.status == 0)
            let shape = /char-rnn (\d+\.\d+\.\d+(?:-dev)?)(?: \(commit [0-9a-f]{12}(?:, with changes)?\))?\n/
            let version = try #require(try shape.wholeMatch(in: outcome.text)?.1, "\(outcome.text)")

            let root = URL(fileURLWithPath: #filePath).appendingPathComponent("../../..").standardizedFileURL
            let isCheckout = FileManager.default.fileExists(atPath: root.appendingPathComponent(".git").path)
            #expect(outcome.text.contains("commit") == isCheckout)
            // What is not in development any more says what is new in it.
            let changes = try String(contentsOf: root.appendingPathComponent("CHANGELOG.md"), encoding: .utf8)
            #expect(changes.contains(version.hasSuffix("-dev") ? "\n## Unreleased\n" : "\n## \(version) "))
        }
    }
}
