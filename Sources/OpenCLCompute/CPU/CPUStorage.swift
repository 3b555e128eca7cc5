import Glibc

/// Memory of the host, aligned to a cache line.
final class CPUStorage: Storage, @unchecked Sendable {
    // Unchecked because of the pointer: the contract of `Backend` forbids overlapping use of the same memory.
    let base: UnsafeMutableRawPointer

    /// Zeroed memory, or nil when the system has none left.
    init?(byteCount: Int) {
        guard let base = aligned_alloc(64, (max(byteCount, 1) + 63) / 64 * 64) else { return nil }
        memset(base, 0, byteCount)
        self.base = base
    }

    deinit { free(base) }
}

extension Buffer {
    /// The first element, on the CPU device.
    var pointer: UnsafeMutablePointer<Element> {
        guard let storage = storage as? CPUStorage else {
            preconditionFailure("a buffer of another device was given to the CPU device")
        }
        return storage.base.assumingMemoryBound(to: Element.self) + offset
    }
}

extension Matrix {
    /// Entry (row, 0) of the stored matrix, on the CPU device.
    func pointer(row: Int = 0) -> UnsafeMutablePointer<Float> { elements.pointer + row * storedColumns }
}
