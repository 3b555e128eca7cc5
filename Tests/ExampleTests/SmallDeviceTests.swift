import CharRNN
import Foundation
import TestSupport
import Testing

/// Devices as they are in the field: the driver's answers are changed, and what is beyond them is refused.
///
/// `make portability` does the same with Oclgrind as a graphics card of 64 work-items and 16 KB of local memory.
@Suite(.enabled(if: !OpenCLFaults.devices.isEmpty))
struct SmallDeviceTests {
    /// CL_DEVICE_TYPE and CL_DEVICE_HOST_UNIFIED_MEMORY: kernels take one element a work-item, sums take groups.
    static let graphicsCard = "0x1000=4 0x1035=0"

    /// The largest work-group, of the device, of each of its dimensions and of each kernel; 16 KB of local memory.
    private func check(_ groupSize: Int, _ kind: String = "") throws -> (status: Int32, lines: [Substring]) {
        let limits = "0x1004=\(groupSize) 0x1005=\(groupSize) 0x11B0=\(groupSize) 0x1023=\(16 << 10)"
        var result: (Int32, [Substring]) = (-1, [])
        try Workplace.inNewFolder { place in
            let (outcome, _) = try OpenCLFaults.run(
                ["devices", "--check", "--quick"], in: place, ["ANSWERS": "\(limits) \(kind)"])
            result = (outcome.status, outcome.text.split(separator: "\n"))
        }
        return result
    }

    @Test("Every operation of a processor is right within its work-groups", arguments: [256, 64, 1])
    func smallGroups(size: Int) throws {
        let (status, lines) = try check(size)
        #expect(status == 0)
        #expect(lines.count { $0.hasPrefix("  pass  ") } >= 10 * Device.available.count)
    }

    // CLBlast, which multiplies on graphics cards, needs 64 work-items, and says so.
    @Test("All kernels of ours are right in smaller work-groups, too", arguments: [32, 1])
    func smallerGroups(size: Int) throws {
        let (_, lines) = try check(size, Self.graphicsCard)
        #expect(lines.contains { $0.hasPrefix("  discrete GPU, ") }, "\(lines)")
        let failures = lines.filter { $0.hasPrefix("  FAIL  ") }
        #expect(failures.allSatisfy { $0.contains("CLBlast") && $0.contains("CL_INVALID_WORK_") }, "\(failures)")
        let devices = 1 + OpenCLFaults.devices.count
        for name in ["bias", "column sums and mean", "one-hot input", "dropout", "softmax", "RMSProp", "Adam"] {
            #expect(lines.count { $0.hasPrefix("  pass  \(name)") } == devices, "\(name) of \(lines)")
        }
    }
}
