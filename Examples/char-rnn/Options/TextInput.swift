import CharRNN
import FoundationEssentials
import Glibc

/// Texts that the command reads besides those it trains on: to continue, to score, or for their characters.
enum TextInput {
    /// From what is no file with a size, so that a device without an end is not read for ever.
    private static let streamLimit = 64 << 20
    /// How long a pipe may have nobody at its other end.
    private static let patience: Int32 = 5000  // ms

    /// The tokens of a file of any kind; - is standard input.
    ///
    /// - Throws: ``Failure`` when it cannot be read, does not end or is no text in UTF-8, which a model of bytes does not ask
    ///   for; `VocabularyError`.
    static func tokens(
        of path: String, in vocabulary: Vocabulary, unknown: UnknownCharacters = .error, quietly isQuiet: Bool = false
    ) throws -> [Int] {
        try LongWork.telling("reading the text", quietly: isQuiet) { work in
            let bytes = try bytes(of: path, telling: work)
            if vocabulary.kind != .bytes { try requireText(bytes, path) }
            do {
                return try vocabulary.encode(bytes: bytes, unknown: unknown) { work.advance(to: $0) }
            } catch VocabularyError.notUTF8 { throw notUTF8(path, bytes) }
        }
    }

    /// What occurs in such a file.
    ///
    /// - Throws: ``Failure``, also for one with nothing in it.
    static func vocabulary(of path: String, kind: TokenKind) throws -> Vocabulary {
        try LongWork.telling("reading the text") { work in
            let bytes = try bytes(of: path, telling: work)
            guard !bytes.isEmpty else {
                throw Failure("\(name(path)) is empty; name the text that the model learned from")
            }
            if kind != .bytes { try requireText(bytes, path) }
            do {
                return try Vocabulary(bytes: Data(bytes), kind: kind) { work.advance(to: $0) }
            } catch TextError.notUTF8 { throw notUTF8(path, bytes) }
        }
    }

    /// What messages call it.
    static func name(_ path: String) -> String { path == "-" ? "standard input" : path }

    /// - Throws: ``Failure`` for a file of another kind.
    static func requireText(_ bytes: [UInt8], _ path: String) throws {
        if let format = FileFormat(beginningWith: bytes) { throw failure(path, is: format) }
    }

    private static func failure(_ path: String, is format: FileFormat) -> Failure {
        Failure("\(name(path)) is \(format.name); \(format.conversion); \(onlyBytes)")
    }

    private static let onlyBytes = "only models of --tokens bytes read it as it is"

    /// What to say of bytes that are of no other format either; see ``requireText(_:_:)``.
    static func notUTF8(_ path: String, _ bytes: [UInt8]) -> Failure {
        // Of the control characters a text in any encoding of single bytes has those that end lines and pages, and tabs.
        if bytes.contains(where: { $0 < 9 || 14..<32 ~= $0 || $0 == 127 }) {
            return Failure("\(name(path)) is not a text; name one; \(onlyBytes)")
        }
        return Failure(
            "\(name(path)) is not UTF-8; convert it, from LATIN1 with: iconv -f LATIN1 -t UTF-8 OLD > NEW")
    }

    /// The bytes of such a file.
    ///
    /// - Parameters:
    ///   - limit: how many to read at most of what is no plain file; in any case no more than there is room for.
    ///   - work: is told that it goes on.
    /// - Throws: ``Failure``, `CancellationError`.
    static func bytes(of path: String, limit: Int = streamLimit, telling work: LongWork? = nil) throws -> [UInt8] {
        // Opening a pipe that nobody writes into would wait for ever.
        let descriptor = path == "-" ? STDIN_FILENO : open(FileName.cString(path), O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw failure(path) }
        defer { if descriptor != STDIN_FILENO { close(descriptor) } }
        return try bytes(of: descriptor, path, limit: limit, telling: work)
    }

    /// The bytes of what is open; errors call it `path`.
    static func bytes(
        of descriptor: Int32, _ path: String, limit: Int = streamLimit, telling work: LongWork? = nil
    ) throws -> [UInt8] {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure(path) }
        let (kind, size) = (status.st_mode & S_IFMT, Int(status.st_size))
        guard kind != S_IFDIR else { throw Failure("\(name(path)) is a folder; name a text in it") }
        guard kind != S_IFREG || HostMemory.hasRoom(for: 12 * min(size, .max / 12)) else {
            throw Failure("\(name(path)) has \(ByteCount(size)), too much for the computer's memory; cut it into parts")
        }
        var waitsForWriter = kind == S_IFIFO && descriptor != STDIN_FILENO
        var bytes: [UInt8] = []
        // Of what has no size, by and by.
        var room = kind == S_IFREG ? Int.max : streamLimit
        if kind == S_IFREG { bytes.reserveCapacity(size) }
        var part = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            try Task.checkCancellation()
            work?.advance(to: 0)
            if kind != S_IFREG && !waitsForWriter {
                while !wait(on: descriptor, for: 200) { try Task.checkCancellation() }
            }
            let count = read(descriptor, &part, part.count)
            if count > 0 {
                bytes += part.prefix(count)
                guard kind == S_IFREG || bytes.count <= limit else {
                    throw Failure(
                        "\(name(path)) does not end after \(limit >> 20) MB; save what you need as a file")
                }
                if bytes.count > room {
                    room = 2 * bytes.count
                    guard HostMemory.hasRoom(for: 2 * room) else {
                        throw Failure(
                            "\(name(path)) has more than \(ByteCount(bytes.count)), too much for the computer's memory; "
                                + "save it as a file")
                    }
                }
            } else if count == 0 && waitsForWriter && bytes.isEmpty {
                waitsForWriter = false
                guard wait(on: descriptor, for: patience) else {
                    throw Failure("nobody writes into the pipe \(path); start what writes into it first")
                }
            } else if count == 0 {
                return bytes
            } else if errno == EAGAIN {
                _ = wait(on: descriptor, for: -1)
            } else if errno != EINTR {
                throw failure(path)
            }
        }
    }

    /// Waits so many milliseconds, -1 for ever, for something to read or an end; tells whether there is.
    private static func wait(on descriptor: Int32, for milliseconds: Int32) -> Bool {
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&request, 1, milliseconds) != 0
    }

    private static func failure(_ path: String) -> Failure {
        Failure("cannot read \(name(path)): \(String(cString: strerror(errno)))")
    }
}
