import Foundation
import Testing

/// An article of the documentation whose code a file of tests compiles and runs.
enum Article {
    /// Holds the blocks of Swift in an article against the source of the tests: it has the same lines, in that order.
    /// Indentation, empty lines and imports do not count.
    ///
    /// - Parameters:
    ///   - name: the article's.
    ///   - module: whose documentation has it.
    ///   - count: how many blocks it has, so that none is overlooked.
    ///   - source: the file that runs them.
    static func expect(
        _ name: String, of module: String = "CharRNN", blocks count: Int, in source: String = #filePath
    ) throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let article = folder.appendingPathComponent("../../Sources/\(module)/Documentation.docc/\(name).md")
            .standardizedFileURL
        let blocks = try String(contentsOf: article, encoding: .utf8).components(separatedBy: "```swift\n").dropFirst()
        #expect(blocks.count == count, "\(name)")
        let source = code(try String(contentsOf: URL(fileURLWithPath: source), encoding: .utf8))
        for block in blocks {
            let block = code(block.components(separatedBy: "```")[0])
            #expect(source.contains(block), "\(name) has:\n\(block)")
        }
    }

    private static func code(_ text: String) -> String {
        text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.hasPrefix("import ") }.joined(separator: "\n")
    }
}
