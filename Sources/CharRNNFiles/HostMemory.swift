import FoundationEssentials
import Glibc

/// Room in the host's memory, asked for before it is needed.
///
/// Where Swift finds none for an array it ends the program, and nothing can be said or saved. So who is about to make
/// large arrays asks here first. The answer holds for as long as others do not take the room.
public enum HostMemory {
    /// What must be left besides: some for everything small, and 128 MB for each thread that multiplies, which OpenBLAS
    /// waits for for ever where it does not get them.
    private static let reserve = [32 << 20] + [Int](repeating: 128 << 20, count: Host.coreCount)

    /// Whether the system would give `bytes` now, within the limits of a container too. Nothing of them is taken.
    public static func hasRoom(for bytes: Int) -> Bool {
        // Of a control group's limit the system thinks only when the memory is used.
        guard bytes <= Int(Host.memoryBytes) - residentBytes else { return false }
        var rooms: [(start: UnsafeMutableRawPointer, size: Int)] = []
        defer { for room in rooms { munmap(room.start, room.size) } }
        // One by one: of a single request for more than the machine has Linux knows that it cannot be meant.
        for size in [max(bytes, 1)] + reserve {
            guard let start = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
                start != MAP_FAILED
            else { return false }
            rooms.append((start, size))
        }
        return true
    }

    /// What of the memory this process has in use.
    private static var residentBytes: Int {
        // Pages: of the program, in memory, and more.
        let pages = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ") ?? []
        return (pages.count > 1 ? Int(pages[1]) ?? 0 : 0) * sysconf(Int32(_SC_PAGESIZE))
    }
}
