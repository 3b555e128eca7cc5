import COpenCL

/// Memory on an OpenCL device. What is queued keeps it alive until it has run.
final class OpenCLStorage: Storage {
    let memory: OpenCLHandle
    private let byteCount: Int
    private let context: OpenCLContext

    /// Room for `count` elements of four bytes, zero at first.
    init(count: Int, in context: OpenCLContext) throws {
        // OpenCL has no buffers of nothing.
        let byteCount = max(count, 1) * 4
        try context.reserve(byteCount)
        do {
            var status: cl_int = 0
            let flags = cl_mem_flags(CL_MEM_READ_WRITE)
            let memory = clCreateBuffer(context.context.pointer, flags, byteCount, nil, &status)
            try context.checkAllocation(of: byteCount, status, "clCreateBuffer")
            self.memory = OpenCLHandle(memory!, release: { clReleaseMemObject($0) })
            var zero: UInt32 = 0
            status = clEnqueueFillBuffer(context.queue.pointer, memory, &zero, 4, 0, byteCount, 0, nil, nil)
            try context.checkAllocation(of: byteCount, status, "clEnqueueFillBuffer")
        } catch {
            context.unreserve(byteCount)
            throw error
        }
        self.byteCount = byteCount
        self.context = context
    }

    deinit { context.unreserve(byteCount) }
}

extension Buffer {
    /// The OpenCL memory behind the buffer.
    var memory: cl_mem {
        guard let storage = storage as? OpenCLStorage else {
            preconditionFailure("a buffer of another device was given to an OpenCL device")
        }
        return storage.memory.pointer
    }
}
