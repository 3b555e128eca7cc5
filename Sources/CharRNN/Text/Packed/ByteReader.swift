import FoundationEssentials
import Glibc

/// The bytes of a file, one after the other.
protocol ByteReader: AnyObject {
    /// Fills the front of a buffer, and returns how many bytes there are: 0 only at the end.
    ///
    /// - Throws: ``TextError/unreadable(file:reason:)``.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int
}

/// The bytes of a text in memory.
final class MemoryReader: ByteReader {
    private var rest: Data

    init(_ data: Data) { rest = data }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let part = rest.prefix(buffer.count)
        part.copyBytes(to: buffer)
        rest = rest.dropFirst(part.count)
        return part.count
    }
}

/// The bytes as they lie in the file.
final class PlainReader: ByteReader {
    let file: URL
    private let descriptor: Int32

    /// - Throws: ``TextError/unreadable(file:reason:)``.
    init(_ file: URL) throws {
        self.file = file
        descriptor = open(file.systemPath, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.unreadable(file) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        while true {
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count >= 0 { return count }
            guard errno == EINTR else { throw Self.unreadable(file) }
        }
    }

    private static func unreadable(_ file: URL) -> TextError {
        .unreadable(file: file.path, reason: String(cString: strerror(errno)))
    }
}
