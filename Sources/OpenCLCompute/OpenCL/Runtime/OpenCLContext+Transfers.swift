import COpenCL

extension OpenCLContext {
    /// Queues the copy of `values` to the buffer, which holds as many.
    ///
    /// A blocking write would wait for all that is queued before it, and another would need the array to live on. So
    /// the values go at once to memory of their own, and the copy from there waits its turn.
    func write<Element>(_ values: [Element], to buffer: Buffer<Element>) throws {
        checkWrite(values.count, to: buffer.count)
        guard !values.isEmpty else { return }
        let byteCount = values.count * 4
        var status: cl_int = 0
        let staged = values.withUnsafeBytes { bytes in
            clCreateBuffer(
                context.pointer, cl_mem_flags(CL_MEM_READ_ONLY | CL_MEM_COPY_HOST_PTR), byteCount,
                UnsafeMutableRawPointer(mutating: bytes.baseAddress), &status)
        }
        try checkAllocation(of: byteCount, status, "clCreateBuffer")
        let staging = OpenCLHandle(staged!, release: { clReleaseMemObject($0) })
        status = enqueue(.transfer, "write", bytes: byteCount) { event in
            clEnqueueCopyBuffer(
                queue.pointer, staging.pointer, buffer.memory, 0, buffer.offset * 4, byteCount, 0, nil, event)
        }
        try checkAllocation(of: byteCount, status, "clEnqueueCopyBuffer")
    }

    /// Waits for all that is queued and copies the elements to the host.
    func read<Element>(_ buffer: Buffer<Element>) throws -> [Element] {
        guard buffer.count > 0 else { return [] }
        return try Array(unsafeUninitializedCapacity: buffer.count) { elements, count in
            profile?.countWait()
            let status = enqueue(.transfer, "read", bytes: buffer.count * 4) { event in
                clEnqueueReadBuffer(
                    queue.pointer, buffer.memory, cl_bool(CL_TRUE), buffer.offset * 4, buffer.count * 4,
                    elements.baseAddress, 0, nil, event)
            }
            try check(status, "clEnqueueReadBuffer", on: name)
            count = buffer.count
        }
    }

    /// Waits for all that is queued.
    func finish() throws {
        profile?.countWait()
        try check(clFinish(queue.pointer), "clFinish", on: name)
    }
}
