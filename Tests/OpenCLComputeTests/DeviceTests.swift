import OpenCLCompute
import Synchronization
import TestSupport
import Testing

@Suite("Devices: listing, choosing, starting")
struct DeviceTests {
    static let openCLDevices = Device.available.filter(\.isOpenCL)

    @Test("The CPU comes first, then OpenCL's devices by number")
    func listing() {
        let ids = Device.available.map(\.id)
        #expect(ids == ["cpu"] + Self.openCLDevices.indices.map { "opencl:\($0)" })
        #expect(Device.default.id == "cpu")
    }

    @Test("A device says what it is", arguments: Device.underTest)
    func facts(device: Device) {
        #expect(!device.name.isEmpty && !device.vendor.isEmpty && !device.platform.isEmpty && !device.version.isEmpty)
        #expect(device.memoryBytes > 1 << 20)
        #expect(device.description == "\(device.id) (\(device.name), \(device.platform), \(device.version))")
    }

    @Test("Every device is found by its id", arguments: Device.available)
    func byID(device: Device) throws {
        #expect(try Device.named(device.id).description == device.description)
    }

    @Test("'opencl' is the best OpenCL device", .enabled(if: !openCLDevices.isEmpty))
    func bestByName() throws {
        #expect(try Device.named("opencl").id == Device.best(of: Self.openCLDevices).id)
        #expect(try Device.bestOpenCL().id == Device.best(of: Self.openCLDevices).id)
    }

    @Test("A missing device is an error that names those found", .enabled(if: !openCLDevices.isEmpty))
    func missingNumber() {
        expectNoSuchDevice("opencl:99")
        expectNoSuchDevice("opencl:")
    }

    @Test("Without OpenCL, asking for it is an error that says so", .enabled(if: openCLDevices.isEmpty))
    func noOpenCL() {
        for name in ["opencl", "opencl:0"] {
            #expect {
                try Device.named(name)
            } throws: { error in
                if case DeviceError.noOpenCLDevice = error { true } else { false }
            }
        }
    }

    @Test("A name that means nothing is an error that names those found", arguments: ["nonsense", "", "CPU", "cpu:1"])
    func nonsense(name: String) { expectNoSuchDevice(name) }

    @Test("The best device is the first of the best kind")
    func best() {
        typealias Kind = Device.Kind
        func best(of kinds: [Kind]) -> String {
            Device.best(of: kinds.enumerated().map { makeUp("\($0)", kind: $1) }).id
        }
        #expect(best(of: [.openCLProcessor, .accelerator, .integratedGPU, .discreteGPU]) == "3")
        #expect(best(of: [.openCLProcessor, .accelerator, .integratedGPU]) == "2")
        #expect(best(of: [.openCLProcessor, .accelerator]) == "1")
        #expect(best(of: [.cpu, .openCLProcessor]) == "1")
        #expect(best(of: [.integratedGPU, .discreteGPU, .discreteGPU, .openCLProcessor]) == "1")
        #expect(best(of: [.cpu]) == "0")
    }

    @Test("A device is started once, when it is first used")
    func startedOnce() throws {
        let starts = Counter()
        let device = makeUp("lazy") {
            starts.increment()
            return try Device.cpu.backend()
        }
        #expect(starts.count == 0)
        #expect(try device.backend() === device.backend())
        #expect(starts.count == 1)
    }

    @Test("A failed start is tried again")
    func startedAgain() throws {
        let starts = Counter()
        let failure = DeviceError.callFailed(call: "clCreateContext", status: .outOfResources, device: "busy")
        let device = makeUp("busy") {
            guard starts.increment() > 1 else { throw failure }
            return try Device.cpu.backend()
        }
        #expect(throws: failure) { try device.backend() }
        #expect(throws: Never.self) { try device.backend() }
    }

    @Test("A CPU device of no threads traps")
    func noThreads() async {
        await #expect(processExitsWith: .failure) { _ = Device.processor(threadCount: 0) }
    }

    private func expectNoSuchDevice(_ name: String) {
        let ids = Device.available.map(\.id)
        let error = #expect(throws: DeviceError.noSuchDevice(name, available: ids)) { try Device.named(name) }
        #expect(error?.description == "no device '\(name)'; found: \(ids.joined(separator: ", "))")
    }

    private func makeUp(
        _ id: String, kind: Device.Kind = .accelerator,
        open: @escaping @Sendable () throws -> any Backend = { try Device.cpu.backend() }
    ) -> Device {
        Device(
            id: id, kind: kind, vendor: "vendor", name: "name", platform: "platform", version: "version",
            memoryBytes: 1, open: open)
    }
}

/// Counts from several threads.
private final class Counter: Sendable {
    private let value = Mutex(0)

    var count: Int { value.withLock { $0 } }

    @discardableResult
    func increment() -> Int {
        value.withLock {
            $0 += 1
            return $0
        }
    }
}

@Suite("The memory of a device that changes")
struct ChangingMemoryTests {
    /// Has one byte more each time it is asked.
    private final class Driver: DeviceDriver {
        private let bytes = Atomic<UInt64>(100)

        func open() throws -> any Backend { try Device.cpu.backend() }
        func memory() -> (total: UInt64, largestBuffer: UInt64)? {
            let now = bytes.add(1, ordering: .relaxed).newValue
            return (now, now / 4)
        }
    }

    @Test("Is asked for anew")
    func anew() {
        let device = Device(
            id: "made-up", kind: .discreteGPU, vendor: "", name: "", platform: "", version: "", memoryBytes: 1,
            driver: Driver())
        #expect(device.memoryBytes == 101 && device.memoryBytes == 102 && device.largestBufferBytes == 25)
    }
}
