import CharRNN
import Foundation
import TestSupport
import Testing

@Suite struct BenchCommandTests {
    private let quickly = [
        "bench", "--seconds", "0.01", "--hidden-size", "8", "--layers", "1", "--batch-size", "4",
        "--sequence-length", "5", "--profile",
    ]

    @Test func theProfileIsATableForPeople() throws {
        try Workplace.inNewFolder { place in
            let lines = try place.succeed(quickly + ["--all"]).text.split(separator: "\n")
            let queues = Device.available.count { $0.isOpenCL }
            #expect(lines.count { $0.contains("a training step, the mean of") } == queues)
            #expect(lines.count { $0.hasPrefix("    softmax_cross_entropy ") } == queues)
            #expect(lines.count { $0.contains(" launches, ") } == queues)
            // Inputs, targets and positions of 20 characters, and the starts of 65 groups.
            #expect(lines.count { $0.contains(" 504 bytes in 1 copy, 0 waits") } == queues)
            #expect(lines.allSatisfy { $0.count <= 100 }, "\(lines.filter { $0.count > 100 })")
        }
    }

    @Test func theProfileIsMadeForPrograms() throws {
        try Workplace.inNewFolder { place in
            let lines = try place.succeed(quickly + ["--all", "--json"]).text.split(separator: "\n")
            for (line, device) in zip(lines, Device.available) {
                let result = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
                guard device.isOpenCL else {
                    #expect(result["profile"] == nil)
                    continue
                }
                let profile = try #require(result["profile"] as? [String: Any])
                let commands = try #require(profile["commands"] as? [[String: Any]])
                let times = commands.compactMap { $0["seconds"] as? Double }
                #expect(times == times.sorted(by: >) && times.count == commands.count)
                #expect((profile["bandwidth"] as? Double).map { $0 > 0 } == true)
            }
        }
    }

    @Test func theCPUHasNoProfile() throws {
        try Workplace.inNewFolder { place in
            let outcome = try place.run(quickly)
            #expect(outcome.status != 0)
            #expect(outcome.errors.contains("add --opencl"))
        }
    }
}
