import CharRNN
import Foundation
import TestSupport
import Testing

/// Devices as they are in the field: the driver's answers are changed, and what is beyond them is refused.
///
/// `make portability` does the same with Oclgrind as a GPU of 64 work-items and 16 KB of local memory.
@Suite(.enabled(if: !OpenCLFaults.devices.isEmpty))
struct SmallDeviceTests {
    /// CL_DEVICE_TYPE and CL_DEVICE_HOST_UNIFIED_MEMORY: kernels take one element a work-item, sums take groups.
    static let graphicsCard = "0x1000=4 0x1035=0"

    /// The largest work-group, of the device, of each of its dimensions and of each kernel; 16 KB of local memory.
    private static func limits(_ groupSize: Int) -> String {
        "0x1004=\(groupSize) 0x1005=\(groupSize) 0x11B0=\(groupSize) 0x1023=\(16 << 10)"
    }

    private func check(_ groupSize: Int, _ kind: String = "") throws -> (status: Int32, lines: [Substring]) {
        var result: (Int32, [Substring]) = (-1, [])
        try Workplace.inNewFolder { place in
            let (outcome, _) = try OpenCLFaults.run(
                ["devices", "--check", "--quick"], in: place, ["ANSWERS": "\(Self.limits(groupSize)) \(kind)"])
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

    /// CLBlast would have large products computed by a kernel with groups of 256.
    @Test("A GPU of 64 work-items computes large products, too")
    func largeProducts() throws {
        let (status, lines) = try check(64, Self.graphicsCard)
        #expect(status == 0)
        #expect(lines.contains { $0.hasPrefix("  pass  product, untiled") })
        #expect(!lines.contains { $0.hasPrefix("  pass  product, tiled") }, "it has no room for them")
        try Workplace.inNewFolder { place in
            let words = "bench --opencl --hidden-size 512 --batch-size 16 --sequence-length 40 --seconds 0.1"
            let (outcome, _) = try OpenCLFaults.run(
                words.split(separator: " ").map(String.init), in: place,
                ["ANSWERS": "\(Self.limits(64)) \(Self.graphicsCard)"])
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
    }

    @Test("A GPU is checked with both of CLBlast's kernels")
    func bothKernels() throws {
        let (status, lines) = try check(1024, Self.graphicsCard)
        #expect(status == 0)
        for kernel in ["untiled", "tiled"] {
            for operation in ["product", "product, left factor transposed", "product, right factor transposed"] {
                #expect(lines.contains { $0.hasPrefix("  pass  \(operation), \(kernel) ") }, "\(kernel): \(lines)")
            }
        }
    }

    // CLBlast, which multiplies on GPUs, needs 64 work-items, and says so.
    @Test("All kernels of ours are right in smaller work-groups, too", arguments: [32, 1])
    func smallerGroups(size: Int) throws {
        let (_, lines) = try check(size, Self.graphicsCard)
        #expect(lines.contains { $0.hasPrefix("  discrete GPU, ") }, "\(lines)")
        let failures = lines.filter { $0.hasPrefix("  FAIL  ") }
        // The second of two equal ones says of which the words are.
        let told = failures.filter { !$0.contains(": as product") }
        #expect(told.allSatisfy { $0.contains("CLBlast") && $0.contains("CL_INVALID_WORK_") }, "\(failures)")
        let devices = 1 + OpenCLFaults.devices.count
        for name in ["bias", "column sums and mean", "one-hot input", "dropout", "softmax", "RMSProp", "Adam"] {
            #expect(lines.count { $0.hasPrefix("  pass  \(name)") } == devices, "\(name) of \(lines)")
        }
    }
}
