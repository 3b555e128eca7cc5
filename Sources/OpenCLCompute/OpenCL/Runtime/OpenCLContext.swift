import COpenCL
import Synchronization

/// An opened device: what does not change while it is used, and the account of its memory.
///
/// Unchecked for the device's handle alone, a constant that any thread may use.
final class OpenCLContext: @unchecked Sendable {
    let device: cl_device_id
    let info: OpenCLDeviceInfo
    /// The device as errors name it.
    let name: String
    let context: OpenCLHandle
    /// The one queue; in order, so that an operation finds what the one before it has left.
    let queue: OpenCLHandle

    /// What writes down the queue's work, where somebody wants to know.
    let profile: OpenCLProfile?

    private let allocatedBytes = Mutex<UInt64>(0)

    init(device: cl_device_id, info: OpenCLDeviceInfo, id: String, profile: OpenCLProfile?) throws {
        self.device = device
        self.info = info
        self.profile = profile
        name = "\(id) (\(info.name), \(info.platform))"
        var status: cl_int = 0
        let context = withUnsafePointer(to: Optional(device)) { clCreateContext(nil, 1, $0, nil, nil, &status) }
        try check(status, "clCreateContext", on: name)
        self.context = OpenCLHandle(context!, release: { clReleaseContext($0) })
        let properties = profile == nil ? 0 : cl_command_queue_properties(CL_QUEUE_PROFILING_ENABLE)
        let queue = clCreateCommandQueue(context, device, properties, &status)
        try check(status, "clCreateCommandQueue", on: name)
        self.queue = OpenCLHandle(queue!, release: { clReleaseCommandQueue($0) })
    }

    /// Enters `byteCount` bytes into the account.
    ///
    /// Drivers accept more than there is and fail at first use, or have the system end the process; therefore we do
    /// not leave it to them.
    ///
    /// - Throws: ``DeviceError/outOfMemory(requestedBytes:limitBytes:memoryBytes:device:)``.
    func reserve(_ byteCount: Int) throws {
        var info = info
        try? info.updateMemory(device)
        let limit = allocatedBytes.withLock { allocated -> UInt64? in
            let left = info.globalMemory > allocated ? info.globalMemory - allocated : 0
            let limit = min(info.maxAllocation, left)
            if UInt64(byteCount) > limit { return limit }
            allocated += UInt64(byteCount)
            return nil
        }
        if let limit { throw outOfMemory(byteCount, limit: limit, of: info) }
    }

    func unreserve(_ byteCount: Int) { allocatedBytes.withLock { $0 -= UInt64(byteCount) } }

    /// Checks the status of a call that needs `byteCount` bytes of the device's memory.
    func checkAllocation(of byteCount: Int, _ status: cl_int, _ call: String) throws {
        if OpenCLStatus(rawValue: status).isOutOfMemory {
            throw outOfMemory(byteCount, limit: info.maxAllocation, of: info)
        }
        try check(status, call, on: name)
    }

    private func outOfMemory(_ byteCount: Int, limit: UInt64, of info: OpenCLDeviceInfo) -> DeviceError {
        .outOfMemory(
            requestedBytes: byteCount, limitBytes: Int(clamping: limit), memoryBytes: Int(clamping: info.globalMemory),
            device: name)
    }
}
