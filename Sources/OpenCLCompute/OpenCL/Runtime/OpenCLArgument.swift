import COpenCL

/// What a kernel may be given.
protocol OpenCLArgument {
    /// Sets the argument at `index` and moves on to the next.
    func set(_ kernel: cl_kernel, at index: inout cl_uint) -> cl_int
    /// Of the device's memory.
    var byteCount: Int { get }
}

extension OpenCLArgument {
    var byteCount: Int { 0 }
}

private func setBytes<Value: BitwiseCopyable>(of value: Value, _ kernel: cl_kernel, at index: inout cl_uint) -> cl_int {
    defer { index += 1 }
    return withUnsafePointer(to: value) { clSetKernelArg(kernel, index, MemoryLayout<Value>.size, $0) }
}

/// An int of the kernel's, of 32 bits.
extension Int: OpenCLArgument {
    func set(_ kernel: cl_kernel, at index: inout cl_uint) -> cl_int {
        guard let value = Int32(exactly: self) else {
            preconditionFailure("\(self) does not fit in a kernel's int; buffers end at 2³¹ − 1 elements")
        }
        return setBytes(of: value, kernel, at: &index)
    }
}

extension UInt32: OpenCLArgument {
    func set(_ kernel: cl_kernel, at index: inout cl_uint) -> cl_int { setBytes(of: self, kernel, at: &index) }
}

extension Float: OpenCLArgument {
    func set(_ kernel: cl_kernel, at index: inout cl_uint) -> cl_int { setBytes(of: self, kernel, at: &index) }
}

/// Two arguments: the memory, and the index of the first element.
extension Buffer: OpenCLArgument {
    func set(_ kernel: cl_kernel, at index: inout cl_uint) -> cl_int {
        precondition(offset + count <= Int32.max, "\(offset + count) elements are too many for a kernel's int")
        let status = setBytes(of: Optional(memory), kernel, at: &index)
        return status == CL_SUCCESS ? offset.set(kernel, at: &index) : status
    }

    var byteCount: Int { count * 4 }
}

/// The elements; the kernel is told the shape, and the stride of a product's operand, apart from them.
extension Matrix: OpenCLArgument {
    func set(_ kernel: cl_kernel, at index: inout cl_uint) -> cl_int {
        precondition(!isTransposed, "a transposed matrix of \(shape) for a kernel, which only products accept")
        return elements.set(kernel, at: &index)
    }

    var byteCount: Int { rows * columns * 4 }
}

/// Floats of local memory, for the work-items of a group together.
struct LocalFloats: OpenCLArgument {
    let count: Int

    func set(_ kernel: cl_kernel, at index: inout cl_uint) -> cl_int {
        defer { index += 1 }
        return clSetKernelArg(kernel, index, count * MemoryLayout<Float>.size, nil)
    }
}
