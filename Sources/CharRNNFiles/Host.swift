import FoundationEssentials
import Glibc

/// What this process may use of the machine: its control group may have limits of its own, and the process may be bound
/// to some of the cores.
package enum Host {
    /// What the machine calls itself.
    package static var name: String {
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, name.count - 1)
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// The cores it may run on. More threads than it gets time for would wait for each other.
    package static let coreCount = count(affineCores)

    /// The cores that the process which has started this one may run on. A launcher such as Open MPI's `mpirun` binds those
    /// whom it starts to some of its own.
    package static var launcherCoreCount: Int { count(affineCores(of: "\(getppid())")) }

    private static func count(_ cores: [Int]?) -> Int {
        min(
            cores?.count ?? ProcessInfo.processInfo.activeProcessorCount,
            ControlGroup.own.cores.map { Int(max(1, min($0.rounded(.up), 0x1p30))) } ?? .max)
    }

    /// The memory it may use.
    package static let memoryBytes = min(ProcessInfo.processInfo.physicalMemory, ControlGroup.own.memory ?? .max)

    /// The numbers of the cores that the process is bound to, by `taskset`, `mpirun` or a container; nil where the system
    /// does not say.
    package static var affineCores: [Int]? { affineCores(of: "self") }

    private static func affineCores(of process: String) -> [Int]? {
        // "Cpus_allowed:	ff,ffffffff": a bit for each, core 0 last.
        let status = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed:") }
        let digits = (line?.split(separator: ":").last ?? "").compactMap(\.hexDigitValue).reversed()
        let cores = digits.enumerated().flatMap { place, digit in
            (0..<4).filter { digit >> $0 & 1 == 1 }.map { 4 * place + $0 }
        }
        return cores.isEmpty ? nil : cores
    }
}
