import Glibc

/// Room in the host's memory, asked for before it is needed.
///
/// Where Swift finds none for an array it ends the program, and nothing can be said or saved. So who is about to make
/// large arrays asks here first. The answer holds for as long as others do not take the room.
package enum HostMemory {
    /// What must be left for everything small and for OpenBLAS, which takes 128 MB for each thread that multiplies and
    /// waits for ever where it does not get them.
    private static let reserve = (32 + 128 * CPUBackend.coreCount) << 20

    /// Whether the system would give `bytes` now, of which nothing is taken.
    package static func hasRoom(for bytes: Int) -> Bool {
        guard bytes <= Int.max - reserve,
            let room = mmap(nil, bytes + reserve, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            room != MAP_FAILED
        else { return false }
        munmap(room, bytes + reserve)
        return true
    }

    /// - Throws: ``DeviceError/outOfMemory(requestedBytes:limitBytes:memoryBytes:device:)`` when the system would not give
    ///   `bytes` now.
    package static func require(_ bytes: Int) throws {
        let memory = Int(CPUBackend.memoryBytes)
        guard hasRoom(for: bytes) else {
            throw DeviceError.outOfMemory(
                requestedBytes: bytes, limitBytes: memory, memoryBytes: memory, device: "the computer")
        }
    }
}
