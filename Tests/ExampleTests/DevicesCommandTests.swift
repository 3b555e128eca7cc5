import CharRNN
import Foundation
import TestSupport
import Testing

/// What a user runs first.
@Suite struct DevicesCommandTests {
    private let smallModel = ["--hidden-size", "8", "--layers", "1", "--batch-size", "4", "--sequence-length", "5"]

    @Test func devicesAreListedByTheNamesThatOptionsTake() throws {
        try Workplace.inNewFolder { place in
            let lines = try place.succeed(["devices"]).text.split(separator: "\n")
            let names = lines.filter { !$0.hasPrefix(" ") }.map { $0.prefix { $0 != " " } }
            #expect(names == Device.available.map { "\($0.id):" })
        }
    }

    @Test func theCheckTellsErrorsSpeedsAndWhichDeviceToUse() throws {
        try Workplace.inNewFolder { place in
            let text = try place.succeed(["devices", "--check"] + smallModel).text
            let lines = text.split(separator: "\n")
            #expect(!text.contains("FAIL"))
            #expect(lines.count { $0.hasPrefix("  pass  ") } >= 10 * Device.available.count)
            for figure in ["memory", "launch", "products", "training"] {
                #expect(lines.count { $0.hasPrefix("  \(figure)") } == Device.available.count, "\(figure) in \(text)")
            }
            #expect(text.contains("products  4x32x8 "), "the shapes are the model's")
            let verdicts = lines.filter { $0.hasPrefix("  verdict: ") }
            #expect(verdicts.count == Device.available.count - 1)
            #expect(verdicts.allSatisfy { $0.contains("your CPU") }, "\(verdicts)")
            #expect(lines.allSatisfy { $0.count <= 100 }, "\(lines.filter { $0.count > 100 })")
        }
    }

    @Test func theQuickCheckIsMadeForPrograms() throws {
        try Workplace.inNewFolder { place in
            let lines = try place.succeed(["devices", "--check", "--quick", "--json"]).text.split(separator: "\n")
            #expect(lines.count == Device.available.count)
            for (line, device) in zip(lines, Device.available) {
                let report = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
                #expect(report["device"] as? String == device.id)
                #expect(report["speed"] == nil && report["verdict"] == nil)
                let operations = try #require(report["operations"] as? [[String: Any]])
                #expect(operations.count > 10)
                #expect(operations.allSatisfy { ($0["worst_error"] as? Double).map { $0 <= 1e-4 } == true })
            }
        }
    }
}
