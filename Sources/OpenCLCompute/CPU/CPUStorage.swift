import CharRNNFiles
import Glibc
import Synchronization

/// Memory of the host, aligned to a cache line.
package final class CPUStorage: Storage, @unchecked Sendable {
    // Unchecked because of the pointer: the contract of `Backend` forbids overlapping use of the same memory.
    let base: UnsafeMutableRawPointer
    private let byteCount: Int

    /// By all CPU devices together.
    private static let bytesHeld = Atomic<Int>(0)

    /// Zeroed memory, or nil when all of it together would be more than `limit`, or the system has none left.
    package init?(byteCount: Int, limit: Int) {
        guard byteCount <= limit else { return nil }
        let held = Self.bytesHeld.add(byteCount, ordering: .relaxed).newValue
        // Small ones live off the reserve.
        let hasRoom = byteCount < 1 << 20 || HostMemory.hasRoom(for: byteCount)
        guard held <= limit, hasRoom, let base = aligned_alloc(64, (max(byteCount, 1) + 63) / 64 * 64) else {
            Self.bytesHeld.subtract(byteCount, ordering: .relaxed)
            return nil
        }
        memset(base, 0, byteCount)
        self.base = base
        self.byteCount = byteCount
    }

    deinit {
        free(base)
        Self.bytesHeld.subtract(byteCount, ordering: .relaxed)
    }
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
    func pointer(row: Int = 0) -> UnsafeMutablePointer<Float> { elements.pointer + row * stride }
}
