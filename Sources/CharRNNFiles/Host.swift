import FoundationEssentials

/// What this process may use of the machine, whose control group may have limits of its own.
package enum Host {
    /// The cores it may run on. More threads than it gets time for would wait for each other.
    package static let coreCount = min(
        ProcessInfo.processInfo.activeProcessorCount,
        ControlGroup.own.cores.map { Int(max(1, min($0.rounded(.up), 0x1p30))) } ?? .max)

    /// The memory it may use.
    package static let memoryBytes = min(ProcessInfo.processInfo.physicalMemory, ControlGroup.own.memory ?? .max)
}
