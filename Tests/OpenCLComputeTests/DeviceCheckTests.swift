import OpenCLCompute
import TestSupport
import Testing

@Suite("The check of a device")
struct DeviceCheckTests {
    /// Cores run as GPUs in place of whole processors, whose tuning the check would change under other tests.
    static let devices = Device.available + OpenCLPlatform.coresOfProcessors(asGPUs: true)

    @Test("Every device found passes", arguments: devices)
    func sound(device: Device) throws {
        let results = DeviceCheck.run(on: device)
        #expect(results.count > 10)
        func layers(_ way: String) -> Int {
            results.count { $0.operation.hasSuffix(" layer, forward and backward, \(way)") }
        }
        let cells = device.tuning == nil ? [] : RecurrentCell.allCases
        #expect(layers("in one launch") == cells.count)
        #expect(layers("products apart") == cells.count(where: \.hasRecurrentProduct))
        for result in results {
            #expect(throws: Never.self, "\(result.operation)") { try result.outcome.get() }
        }
    }

    @Test("Progress is told before each operation")
    func progressIsToldBeforeEachOperation() {
        var told: [String] = []
        let results = DeviceCheck.run(on: .cpu) { operation, done, count in
            #expect(done == told.count && done < count)
            told.append(operation)
        }
        #expect(told == results.map(\.operation))
    }

    @Test("A wrong result fails its operation and no other, also when it is NaN", arguments: [0.5, .nan] as [Float])
    func wrongResult(sum: Float) {
        let results = DeviceCheck.run(on: device { try FaultyBackend(columnSum: sum) })
        #expect(results.filter(\.hasFailed).map(\.operation) == ["column sums and mean"])
        #expect(results.first(where: \.hasFailed)?.reason?.contains("element 0 is \(sum)") == true)
    }

    @Test("An operation that the device refuses fails with the device's words, and the others are still tried")
    func refusal() {
        let error = DeviceError.callFailed(call: "CLBlastSgemm", status: .outOfResources, device: "made-up")
        let results = DeviceCheck.run(on: device { try FaultyBackend(productError: error) })
        #expect(results.count > results.filter(\.hasFailed).count)
        for result in results where result.operation.hasPrefix("product") {
            #expect(result.reason == error.description)
        }
    }

    @Test(
        "A device whose compiler builds nothing says so once",
        arguments: [
            DeviceError.compilerFailed(device: "made-up", log: "unknown target"),
            .unwritableCache(path: "/a", reason: "Permission denied"),
        ])
    func noCompiler(error: DeviceError) {
        let results = DeviceCheck.run(on: device { try FaultyBackend(productError: error) })
        #expect(results.map(\.operation) == ["compile"])
        #expect(results.map(\.reason) == [error.description])
    }

    @Test("A device that cannot be started says why")
    func noStart() {
        let error = DeviceError.callFailed(call: "clCreateContext", status: .outOfResources, device: "made-up")
        let results = DeviceCheck.run(on: device { throw error })
        #expect(results.map(\.operation) == ["start"])
        #expect(results.map(\.reason) == [error.description])
    }

    private func device(open: @escaping @Sendable () throws -> any Backend) -> Device {
        Device(
            id: "made-up", kind: .accelerator, vendor: "", name: "", platform: "", version: "", memoryBytes: 0,
            open: open)
    }
}

extension DeviceCheck.Result {
    /// What went wrong, or nil.
    fileprivate var reason: String? {
        if case .failure(let fault) = outcome { fault.description } else { nil }
    }
    fileprivate var hasFailed: Bool { reason != nil }
}
