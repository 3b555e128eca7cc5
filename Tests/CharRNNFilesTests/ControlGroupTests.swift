import CharRNNFiles
import Foundation
import TestSupport
import Testing

@Suite("What a control group lets the process have")
struct ControlGroupTests {
    /// Files of a tree of groups, and what is told of a process in it.
    private func group(_ membership: String, _ files: [String: String]) throws -> ControlGroup {
        try withTemporaryFolder { trees in
            for (path, text) in files {
                let file = trees.appendingPathComponent(path)
                try FileManager.default.createDirectory(
                    at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(text.utf8).write(to: file)
            }
            return ControlGroup(membership: membership, trees: trees.path)
        }
    }

    @Test("Version 2: the least of the group's and of those around it")
    func unified() throws {
        let group = try group(
            "0::/user.slice/run.scope\n",
            [
                "memory.max": "max\n", "user.slice/memory.max": "4000000000\n", "user.slice/cpu.max": "150000 100000\n",
                "user.slice/run.scope/memory.max": "5000000000\n", "user.slice/run.scope/cpu.max": "max 100000\n",
            ])
        #expect(group.memory == 4_000_000_000)
        #expect(group.cores == 1.5)
    }

    @Test("A container, whose group is the tree")
    func container() throws {
        let limits = ["memory.max": "536870912\n", "cpu.max": "400000 100000\n"]
        for path in ["/", "/../../outside"] {
            let group = try group("0::\(path)\n", limits)
            #expect(group.memory == 536_870_912)
            #expect(group.cores == 4)
        }
    }

    @Test("Version 1: a tree for each controller, the path inside a container unknown")
    func controllers() throws {
        let group = try group(
            "12:cpuacct,cpu:/docker/0a1b\n5:memory:/docker/0a1b\n0::/\n",
            [
                "memory/memory.limit_in_bytes": "1073741824\n", "cpu/cpu.cfs_quota_us": "250000\n",
                "cpu/cpu.cfs_period_us": "100000\n",
            ])
        #expect(group.memory == 1 << 30)
        #expect(group.cores == 2.5)
    }

    @Test("No limits, or nothing that could be read")
    func none() throws {
        let free = try group(
            "4:memory:/\n3:cpu:/\n0::/\n",
            [
                "memory/memory.limit_in_bytes": "9223372036854771712\n", "cpu/cpu.cfs_quota_us": "-1\n",
                "cpu/cpu.cfs_period_us": "100000\n", "cpu.max": "max 100000\n", "memory.max": "max\n",
            ])
        #expect(free.memory ?? .max >= 1 << 62)
        #expect(free.cores == nil)
        for membership in ["", "nonsense\n", "0::/gone\n"] {
            let unknown = try group(membership, [:])
            #expect(unknown.memory == nil && unknown.cores == nil)
        }
    }
}
