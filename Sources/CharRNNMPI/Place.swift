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

    package static var own: Place {
        let file = "/proc/sys/kernel/random/boot_id"
        let boot = (try? String(contentsOfFile: file, encoding: .utf8))?.split(whereSeparator: \.isWhitespace).first
        return Place(
            machine: boot.map { String($0) } ?? Host.name, host: Host.name, process: getpid(),
            cores: Host.affineCores ?? Array(0..<Host.coreCount), coreCount: Host.coreCount)
    }

    package init(machine: String, host: String, process: pid_t, cores: [Int], coreCount: Int) {
        self.machine = machine
        self.host = host
        self.process = process
        self.cores = cores
        self.coreCount = coreCount
    }

    /// How many threads one of a machine's processes should have.
    package static func threadCount(of place: Place, among neighbours: [Place]) -> Int {
        let share = place.cores.reduce(0.0) { sum, core in
            sum + 1 / Double(neighbours.filter { $0.cores.contains(core) }.count)
        }
        let isLimited = place.coreCount < place.cores.count
        return max(1, min(Int(share + 1e-6), isLimited ? place.coreCount / neighbours.count : .max))
    }
}

// As it travels to the other processes.
extension Place {
    package var text: String {
        let cores = cores.map { "\($0)" }.joined(separator: ",")
        return "\(machine)\n\(host)\n\(process)\n\(coreCount)\n\(cores)"
    }

    package init(text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        precondition(lines.count == 5, "a process says of itself: \(text)")
        machine = String(lines[0])
        host = String(lines[1])
        process = pid_t(lines[2]) ?? 0
        coreCount = Int(lines[3]) ?? 1
        cores = lines[4].split(separator: ",").compactMap { Int($0) }
    }
}
