import FoundationEssentials

/// What Linux lets a process use of the machine's memory and processors. A container or a service is a control group with
/// limits of its own, which the sizes of the machine do not show.
///
/// Of version 2 (https://docs.kernel.org/admin-guide/cgroup-v2.html) and of version 1, which has a tree for each
/// controller.
package struct ControlGroup: Equatable {
    /// In bytes; nil without a limit.
    package private(set) var memory: UInt64?
    /// In cores, of whose time a group may get a part; nil without a limit.
    package private(set) var cores: Double?

    /// The limits of this process.
    static let own = ControlGroup(
        membership: (try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8)) ?? "", trees: "/sys/fs/cgroup")

    /// - Parameters:
    ///   - membership: what `/proc/self/cgroup` says.
    ///   - trees: where the trees of groups are mounted.
    package init(membership: String, trees: String) {
        for line in membership.split(separator: "\n") {
            // "0::/path", or "4:memory:/path" in version 1.
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            // Controllers that share a tree are not mounted in the same order everywhere.
            for tree in Set([parts[1]] + parts[1].split(separator: ",")) {
                // A group has no more than those around it. A container sees its own as the tree, but may be told the
                // path outside, of which it sees nothing.
                var path = "\(trees)/\(tree)"
                limit(byFilesIn: path)
                for name in parts[2].split(separator: "/") where name != ".." {
                    path += "/\(name)"
                    limit(byFilesIn: path)
                }
            }
        }
    }

    private mutating func limit(byFilesIn folder: String) {
        // Words that are no numbers are "max".
        func numbers(_ file: String) -> [Double?] {
            let text = (try? String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8)) ?? ""
            return text.split(whereSeparator: \.isWhitespace).map { Double($0) }
        }
        for case let bytes? in numbers("memory.max") + numbers("memory.limit_in_bytes") where bytes >= 0 {
            memory = min(memory ?? .max, UInt64(min(bytes, 0x1p63)))
        }
        // Microseconds of running in each so many; in version 1 -1 is no limit.
        for time in [numbers("cpu.max"), numbers("cpu.cfs_quota_us") + numbers("cpu.cfs_period_us")] {
            if time.count == 2, let running = time[0], let period = time[1], running > 0, period > 0 {
                cores = min(cores ?? .infinity, running / period)
            }
        }
    }
}
