import Foundation
import OpenCLCompute
import Testing

@Suite("What is concluded from a driver's answers")
struct OpenCLDeviceInfoTests {
    /// Bits of CL_DEVICE_TYPE.
    static let (cpu, gpu, accelerator): (UInt64, UInt64, UInt64) = (2, 4, 8)

    struct Example: Sendable, CustomTestStringConvertible {
        let name, vendor, platform, version: String
        let type: UInt64
        let sharesMemory: Bool
        let kind: Device.Kind

        var testDescription: String { name }

        init(
            _ name: String, _ vendor: String, _ platform: String, _ version: String, type: UInt64,
            sharesMemory: Bool, _ kind: Device.Kind
        ) {
            self.name = name
            self.vendor = vendor
            self.platform = platform
            self.version = version
            self.type = type
            self.sharesMemory = sharesMemory
            self.kind = kind
        }

        var info: OpenCLDeviceInfo {
            OpenCLDeviceInfo(
                name: name, vendor: vendor, platform: platform, version: version, driver: "1.0", type: type,
                hostUnifiedMemory: sharesMemory, globalMemory: 8 << 30, maxAllocation: 2 << 30,
                localMemory: 32 << 10, maxWorkGroupSize: 256, computeUnits: 16)
        }
    }

    /// Answers as the drivers of these devices give them.
    static let examples = [
        Example(
            "gfx1030", "Advanced Micro Devices, Inc.", "AMD Accelerated Parallel Processing",
            "OpenCL 2.0 ", type: gpu, sharesMemory: false, .discreteGPU),
        Example(
            "gfx900:xnack-", "Advanced Micro Devices, Inc.", "AMD Accelerated Parallel Processing",
            "OpenCL 2.0 AMD-APP (3513.0)", type: gpu, sharesMemory: false, .discreteGPU),
        Example(
            "gfx90c:xnack-", "Advanced Micro Devices, Inc.", "AMD Accelerated Parallel Processing",
            "OpenCL 2.0 ", type: gpu, sharesMemory: true, .integratedGPU),
        Example(
            "Intel(R) Iris(R) Xe Graphics", "Intel(R) Corporation", "Intel(R) OpenCL Graphics",
            "OpenCL 3.0 NEO ", type: gpu, sharesMemory: true, .integratedGPU),
        Example(
            "Intel(R) Arc(TM) A770 Graphics", "Intel(R) Corporation", "Intel(R) OpenCL Graphics",
            "OpenCL 3.0 NEO ", type: gpu, sharesMemory: false, .discreteGPU),
        Example(
            "Intel(R) HD Graphics Skylake ULT GT2", "Intel", "Intel Gen OCL Driver",
            "OpenCL 2.0 beignet 1.3", type: gpu, sharesMemory: true, .integratedGPU),
        Example(
            "Intel(R) UHD Graphics 630", "Intel(R) Corporation", "Intel(R) OpenCL HD Graphics",
            "OpenCL 3.0 NEO ", type: gpu, sharesMemory: true, .integratedGPU),
        Example(
            "NVIDIA GeForce RTX 3080", "NVIDIA Corporation", "NVIDIA CUDA",
            "OpenCL 3.0 CUDA", type: gpu | 1, sharesMemory: false, .discreteGPU),
        Example(
            "Apple M1 Pro", "Apple", "Apple", "OpenCL 1.2 (Jul 12 2024 21:23:02)", type: gpu, sharesMemory: true,
            .integratedGPU),
        Example(
            "Mali-G78 r0p1", "ARM", "ARM Platform", "OpenCL 3.0 v1.r38p1-01eac0", type: gpu, sharesMemory: true,
            .integratedGPU),
        Example(
            "Intel(R) FPGA Emulation Device", "Intel(R) Corporation", "Intel(R) FPGA Emulation Platform",
            "OpenCL 1.2 ", type: accelerator, sharesMemory: true, .accelerator),
        Example(
            "Oclgrind Simulator", "University of Bristol", "Oclgrind", "OpenCL 1.2 (Oclgrind 21.10)",
            type: cpu | gpu | accelerator | 1, sharesMemory: true, .accelerator),
        Example(
            "pthread-haswell-AMD EPYC", "AuthenticAMD", "Portable Computing Language",
            "OpenCL 3.0 PoCL HSTR: pthread-x86_64-pc-linux-gnu-haswell", type: cpu, sharesMemory: true,
            .openCLProcessor),
        Example(
            "AMD EPYC 7763 64-Core Processor", "Intel(R) Corporation", "Intel(R) OpenCL",
            "OpenCL 3.1 (Build 0)", type: cpu | 1, sharesMemory: true, .openCLProcessor),
    ]

    @Test("Devices are told apart by type and by whose memory they use", arguments: examples)
    func kind(example: Example) {
        #expect(example.info.kind == example.kind)
        #expect(example.info.defect == nil)
    }

    @Test("Vectors are for processors, many work-items for the others", arguments: examples)
    func width(example: Example) {
        let isProcessor = example.kind == .openCLProcessor
        #expect(example.info.vectorWidth == (isProcessor ? 8 : 1))
        #expect(example.info.laneCount == (isProcessor ? 1 : 64))
    }

    @Test("A GPU takes all time steps at once where its local memory holds a group's slice of the streams")
    func slices() {
        var info = Self.examples[0].info
        func largest(_ cell: RecurrentCell) -> Int? {
            (1...4096).last { info.holdsShare(cell, hiddenSize: $0) }
        }
        // 4 streams × (64 items + the gates of a product), of 4 bytes.
        info.localMemory = 16 << 10
        #expect(largest(.lstm) == 240 && largest(.gru) == 480 && largest(.rnn) == 960)
        info.localMemory = 48 << 10
        #expect(largest(.lstm) == 752)
        info.localMemory = 1 << 10
        #expect(largest(.rnn) == nil)
    }

    @Test("A buffer is no larger than kernels can count, in ints of 32 bits")
    func largestBuffer() {
        let gpu = OpenCLDeviceInfo(
            name: "", vendor: "", platform: "", version: "", driver: "", type: Self.gpu, hostUnifiedMemory: false,
            globalMemory: 80 << 30, maxAllocation: 20 << 30, localMemory: 0, maxWorkGroupSize: 0, computeUnits: 0)
        #expect(gpu.maxAllocation == 4 * UInt64(Int32.max))
        #expect(Self.examples[0].info.maxAllocation == 2 << 30)
    }

    @Test("Work is shared among one unit at least, and on a processor among no more than there are cores to run on")
    func units() {
        func units(_ type: UInt64, _ count: Int) -> Int {
            OpenCLDeviceInfo(
                name: "", vendor: "", platform: "", version: "", driver: "", type: type, hostUnifiedMemory: true,
                globalMemory: 1, maxAllocation: 1, localMemory: 0, maxWorkGroupSize: 1, computeUnits: count
            ).computeUnits
        }
        for type in [Self.cpu, Self.gpu, Self.accelerator] { #expect(units(type, 0) == 1 && units(type, 1) == 1) }
        #expect(units(Self.gpu, 100_000) == 100_000)
        #expect(units(Self.cpu, 100_000) <= ProcessInfo.processInfo.activeProcessorCount)
    }

    @Test(
        "From OpenCL 1.2 on a device is used",
        arguments: ["OpenCL 1.2", "OpenCL 1.2 CUDA", "OpenCL 2.0 AMD-APP (3380.4)", "OpenCL 3.0 ", "OpenCL 10.0"])
    func newEnough(version: String) {
        var info = Self.examples[0].info
        info.version = version
        #expect(info.defect == nil)
    }

    @Test(
        "An older version, and one that cannot be read, is named as the reason not to use a device",
        arguments: ["OpenCL 1.1 Mesa 13.0.6", "OpenCL 1.0", "OpenCL C 1.2", "OpenCL", "", "OpenCL x.y", "OpenCL 1"])
    func tooOld(version: String) {
        var info = Self.examples[0].info
        info.version = version
        #expect(info.defect?.contains("'\(version)'") == true)
    }

    @Test("A device that is switched off or cannot compile is not used")
    func unusable() {
        var info = Self.examples[0].info
        info.hasCompiler = false
        #expect(info.defect == "has no kernel compiler")
        info.isAvailable = false
        #expect(info.defect == "is not available")
    }
}
