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

    @Test func figuresAreHeldAgainstTheProcessorsLimits() throws {
        try Workplace.inNewFolder { place in
            let options = Array(quickly.dropLast())
            let lines = try place.succeed(options).text.split(separator: "\n")
            #expect(
                lines.contains { $0.hasPrefix("  limit of products: ") && $0.contains(" GFLOP/s from registers by ") })
            #expect(lines.contains { $0.hasPrefix("  limit of reads: ") && $0.contains("memory (") })
            #expect(lines.contains { $0.contains("OpenBLAS") } && lines.allSatisfy { $0.count <= 100 })
            let text = try place.succeed(options + ["--json"]).text
            let result = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
            let limits = try #require(result["limits"] as? [String: Any])
            func number(_ key: String, of object: [String: Any]) throws -> Double {
                try #require(object[key] as? Double, "\(key)")
            }
            #expect(try number("rate", of: limits) > 0 && number("thread_rate", of: limits) > 0)
            let operations = try number("operations_per_batch", of: result) / number("seconds_per_batch", of: result)
            let share = try number("share_of_registers", of: result)
            #expect(abs(share * (try number("rate", of: limits)) * 1e9 / operations - 1) <= 1e-9)
            let reads = try #require(limits["reads"] as? [[String: Any]])
            #expect(reads.last?["level"] as? String == "memory" && reads.allSatisfy { $0["rate"] as? Double ?? 0 > 0 })
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
