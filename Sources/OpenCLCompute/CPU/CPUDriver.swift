import CharRNNFiles
import FoundationEssentials

/// Makes the CPU device.
struct CPUDriver: DeviceDriver {
    let threadCount: Int

    func open() -> any Backend { CPUBackend(threadCount: threadCount) }

    /// The first processor's lines of /proc/cpuinfo.
    fileprivate static let processor: [String: String] = {
        let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        var facts: [String: String] = [:]
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).prefix(while: { !$0.isEmpty }) {
            let parts = line.split(separator: ":", maxSplits: 1).map {
                $0.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            }
            if parts.count == 2 { facts[parts[0]] = parts[1] }
        }
        return facts
    }()
}

extension Device {
    /// The processor, with a thread for each core that the process may use.
    public static let cpu = processor(threadCount: Host.coreCount)

    /// The processor with a given number of threads. Results are the same bits for the same number.
    public static func processor(threadCount: Int) -> Device {
        precondition((1..<1 << 16).contains(threadCount), "a CPU device with \(threadCount) threads")
        return Device(
            id: "cpu", kind: .cpu, vendor: CPUDriver.processor["vendor_id"] ?? "unknown",
            name: CPUDriver.processor["model name"] ?? "processor", platform: OpenBLAS.description,
            version: threadCount == 1 ? "1 thread" : "\(threadCount) threads", memoryBytes: Host.memoryBytes,
            driver: CPUDriver(threadCount: threadCount))
    }
}
