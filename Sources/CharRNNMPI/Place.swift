import CharRNNFiles
import FoundationEssentials
import Glibc

/// Where a process runs.
package struct Place: Equatable {
    /// The machine's number since it was started, which no other has.
    package let machine: String
    package let host: String
    package let process: pid_t
    /// The cores that it may run on.
    package let cores: [Int]
    /// How many of them a control group gives it time for.
    package let coreCount: Int
    /// How many its launcher might have given it.
    package let offeredCoreCount: Int

    package static var own: Place {
        let file = "/proc/sys/kernel/random/boot_id"
        let boot = (try? String(contentsOfFile: file, encoding: .utf8))?.split(whereSeparator: \.isWhitespace).first
        return Place(
            machine: boot.map { String($0) } ?? Host.name, host: Host.name, process: getpid(),
            cores: Host.affineCores ?? Array(0..<Host.coreCount), coreCount: Host.coreCount,
            offeredCoreCount: max(Host.coreCount, Host.launcherCoreCount))
    }

    package init(
        machine: String, host: String, process: pid_t, cores: [Int], coreCount: Int, offeredCoreCount: Int
    ) {
        self.machine = machine
        self.host = host
        self.process = process
        self.cores = cores
        self.coreCount = coreCount
        self.offeredCoreCount = offeredCoreCount
    }

    /// How many threads one of a machine's processes should have.
    package static func threadCount(of place: Place, among neighbours: [Place]) -> Int {
        let share = place.cores.reduce(0.0) { sum, core in
            sum + 1 / Double(neighbours.filter { $0.cores.contains(core) }.count)
        }
        let isLimited = place.coreCount < place.cores.count
        return max(1, min(Int(share + 1e-6), isLimited ? place.coreCount / neighbours.count : .max))
    }

    /// How many cores none of a machine's processes computes on: of those that their launcher might have given them, and of
    /// those on which they may run.
    package static func idleCoreCounts(of places: [Place]) -> (offered: Int, own: Int) {
        let threads = places.reduce(0) { $0 + threadCount(of: $1, among: places) }
        let offered = places.map(\.offeredCoreCount).max() ?? 0
        let own = min(offered, Set(places.flatMap(\.cores)).count)
        return (max(0, offered - threads), max(0, own - threads))
    }
}

// As it travels to the other processes.
extension Place {
    package var text: String {
        let cores = cores.map { "\($0)" }.joined(separator: ",")
        return "\(machine)\n\(host)\n\(process)\n\(coreCount)\n\(offeredCoreCount)\n\(cores)"
    }

    package init(text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        precondition(lines.count == 6, "a process says of itself: \(text)")
        machine = String(lines[0])
        host = String(lines[1])
        process = pid_t(lines[2]) ?? 0
        coreCount = Int(lines[3]) ?? 1
        offeredCoreCount = Int(lines[4]) ?? 1
        cores = lines[5].split(separator: ",").compactMap { Int($0) }
    }
}
