import Foundation
import FuzzTargets
import Testing

/// The inputs that the fuzzer has found worth keeping, read as it reads them; `Tests/Fuzz/run` looks for more.
@Suite struct FuzzCorpusTests {
    @Test(arguments: FuzzTarget.allCases)
    func everyInputIsTakenOrRefused(_ target: FuzzTarget) throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../Fuzz/corpus/\(target.rawValue)").standardizedFileURL
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        let taken = try files.count { target.read(try Data(contentsOf: $0)) }
        #expect(taken > 3 && files.count - taken > 20, "of \(files.count) inputs \(taken) are taken")
    }
}
