import FoundationEssentials

/// What this process may use of the machine: its control group may have limits of its own, and the process may be bound
/// to some of the cores.
package enum Host {
    /// The cores it may run on. More threads than it gets time for would wait for each other.
    package static let coreCount = min(
        affineCoreCount ?? ProcessInfo.processInfo.activeProcessorCount,
        ControlGroup.own.cores.map { Int(max(1, min($0.rounded(.up), 0x1p30))) } ?? .max)

    /// The memory it may use.
    package static let memoryBytes = min(ProcessInfo.processInfo.physicalMemory, ControlGroup.own.memory ?? .max)

    /// The cores that the process is bound to, by `taskset`, `mpirun` or a container; nil where the system does not say.
    private static var affineCoreCount: Int? {
        // "Cpus_allowed:	ff,ffffffff": a bit for each.
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed:") }
        let mask = line?.split(separator: ":").last ?? ""
        let count = mask.reduce(0) { $0 + ($1.hexDigitValue?.nonzeroBitCount ?? 0) }
        return count > 0 ? count : nil
    }
}
