import FoundationEssentials
import Glibc

/// A plain file whose bytes are read wherever they are asked for.
///
/// It may be larger than the memory, and takes none of it, as a mapped file does once its bytes are read. It must stay as
/// it is: what another program changes or cuts short is told, where a mapped file would give the new bytes or end the
/// program. To replace or delete it by its name does no harm.
package final class OpenFile: Sendable {
    package let url: URL
    /// The file as it must be.
    package let status: FileStatus
    private let descriptor: Int32

    /// - Parameter status: what the system has said of the file; nil for the file as it is now.
    package init(_ file: URL, status: FileStatus? = nil) throws(PlainFile.Refusal) {
        let status = try PlainFile.check(file, status ?? FileStatus(file))
        descriptor = open(file.systemPath, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw PlainFile.Refusal(reason: String(cString: strerror(errno))) }
        url = file
        self.status = status
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Fills `buffer` with the bytes from `offset` on, which must be there.
    package func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(PlainFile.Refusal) {
        precondition(
            offset >= 0 && offset + buffer.count <= status.size,
            "\(buffer.count) bytes from \(offset) on of \(status.size)")
        var rest = buffer[...]
        while !rest.isEmpty {
            let part = UnsafeMutableRawBufferPointer(rebasing: rest)
            let count = pread(descriptor, part.baseAddress, part.count, off_t(offset + rest.startIndex))
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if count == 0 {
                throw Self.hasChanged
            } else if errno != EINTR {
                throw PlainFile.Refusal(reason: String(cString: strerror(errno)))
            }
        }
        // Afterwards, since the system notes the time of a change before it changes a byte.
        guard FileStatus(descriptor: descriptor) == status else { throw Self.hasChanged }
    }

    /// What is said of a file in which two readings find two contents.
    package static let hasChanged = PlainFile.Refusal(
        reason: "it changed while it was read; start again when it is complete")
}
