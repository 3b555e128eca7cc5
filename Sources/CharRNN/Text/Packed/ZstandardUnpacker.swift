/// Files of zstd. What was packed with --long=28 and more, its library refuses to unpack for want of memory.
final class ZstandardUnpacker: Unpacker {
    private(set) var isBetweenMembers = false

    private let zstd: Zstandard
    private let stream: OpaquePointer

    /// - Throws: ``UnpackingError``.
    init() throws {
        zstd = try Zstandard.found.get()
        guard let stream = zstd.begin() else { throw UnpackingError(reason: "there is no memory for it") }
        self.stream = stream
    }

    deinit { _ = zstd.end(stream) }

    func unpack(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws -> (consumed: Int, produced: Int) {
        var from = Zstandard.Input(start: input.baseAddress, size: input.count)
        var to = Zstandard.Output(start: output.baseAddress, size: output.count)
        let left = zstd.decompress(stream, &to, &from)
        guard zstd.isError(left) == 0 else { throw UnpackingError(reason: String(cString: zstd.errorName(left))) }
        if from.position + to.position > 0 { isBetweenMembers = left == 0 }
        return (from.position, to.position)
    }
}

/// What is used of libzstd.
private struct Zstandard: Sendable {
    /// `ZSTD_inBuffer`.
    struct Input {
        let start: UnsafeRawPointer?
        let size: Int
        var position = 0
    }
    /// `ZSTD_outBuffer`.
    struct Output {
        let start: UnsafeMutableRawPointer?
        let size: Int
        var position = 0
    }

    let begin: @Sendable @convention(c) () -> OpaquePointer?
    let decompress: @Sendable @convention(c) (OpaquePointer, UnsafeMutableRawPointer, UnsafeMutableRawPointer) -> Int
    let isError: @Sendable @convention(c) (Int) -> UInt32
    let errorName: @Sendable @convention(c) (Int) -> UnsafePointer<CChar>
    let end: @Sendable @convention(c) (OpaquePointer) -> Int

    static let found = Result { try Zstandard() }

    private init() throws {
        let library = try SystemLibrary("libzstd.so.1", package: "libzstd1")
        begin = try library.function("ZSTD_createDStream")
        decompress = try library.function("ZSTD_decompressStream")
        isError = try library.function("ZSTD_isError")
        errorName = try library.function("ZSTD_getErrorName")
        end = try library.function("ZSTD_freeDStream")
    }
}
