import COpenCL

/// The owner of one reference to an OpenCL object: a context, queue, buffer, program or kernel.
///
/// Unchecked: the pointer never changes, and every call on an OpenCL object may come from any thread, but for setting
/// a kernel's arguments, which happens behind the lock of ``OpenCLBackend``.
final class OpenCLHandle: @unchecked Sendable {
    let pointer: OpaquePointer
    private let release: @Sendable (OpaquePointer?) -> cl_int

    /// Takes over the reference that a call has created, to give it back with `release`.
    init(_ pointer: OpaquePointer, release: @escaping @Sendable (OpaquePointer?) -> cl_int) {
        self.pointer = pointer
        self.release = release
    }

    deinit { _ = release(pointer) }
}
