import FoundationEssentials
import Glibc

/// Files that are read whole, which only plain ones can be: a pipe may wait for ever, and a device may have no end.
package enum PlainFile {
    /// Why a file was not read.
    package struct Refusal: Error {
        package let reason: String

        /// From errno.
        fileprivate static var now: Refusal { Refusal(reason: String(cString: strerror(errno))) }
    }

    /// The bytes of a file, if what is made of them will find room too.
    package static func bytes(of file: URL) throws(Refusal) -> Data {
        try requireRoom(toRead: file)
        return try withOpen(file) { descriptor, size throws(Refusal) in
            var (bytes, count) = (Data(count: size), 0)
            while count < size {
                let read = bytes.withUnsafeMutableBytes {
                    Glibc.read(descriptor, $0.baseAddress! + count, size - count)
                }
                if read == 0 { break }
                if read < 0, errno != EINTR { throw .now }
                count += max(read, 0)
            }
            return bytes.prefix(count)
        }
    }

    /// Throws where there is no room for a file and what is made of it: once more as it is, and once in another order.
    package static func requireRoom(toRead file: URL) throws(Refusal) {
        let size = try check(file)
        guard HostMemory.hasRoom(for: min(size, Int.max / 3) * 3) else {
            throw Refusal(
                reason: "the computer cannot give the memory to read it, three times its \(ByteCount(size)); close "
                    + "other programs")
        }
    }

    /// The bytes of a file that is replaced but never written to, mapped: it may be larger than the memory.
    package static func mapped(_ file: URL) throws(Refusal) -> Data {
        try check(file)
        return try withOpen(file) { descriptor, size throws(Refusal) in
            guard size > 0 else { return Data() }
            guard let bytes = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), bytes != MAP_FAILED else {
                throw .now
            }
            return Data(bytesNoCopy: bytes, count: size, deallocator: .custom { munmap($0, $1) })
        }
    }

    /// What is made of an open file and its size in bytes.
    private static func withOpen(
        _ file: URL, _ body: (Int32, Int) throws(Refusal) -> Data
    ) throws(Refusal) -> Data {
        let descriptor = open(file.systemPath, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .now }
        defer { close(descriptor) }
        guard let size = FileStatus(descriptor: descriptor)?.size else { throw .now }
        return try body(descriptor, size)
    }

    /// The size of a file in bytes.
    ///
    /// - Throws: ``Refusal`` for what is not there, not to be read, or not a plain file.
    @discardableResult
    package static func check(_ file: URL) throws(Refusal) -> Int { try check(file, FileStatus(file)).size }

    /// The same of a file of which the system has just said `status`, or why it says nothing.
    package static func check(_ file: URL, _ status: FileStatus?) throws(Refusal) -> FileStatus {
        guard let status, access(file.systemPath, R_OK) == 0 else { throw .now }
        switch status.kind {
        case .file: return status
        case .folder: throw Refusal(reason: "it is a folder")
        case .pipe: throw Refusal(reason: "it is a pipe; save what comes out of it as a file first")
        case .link, .device:
            throw Refusal(reason: "it is a device, not a plain file; save what you need of it as a file first")
        }
    }
}
