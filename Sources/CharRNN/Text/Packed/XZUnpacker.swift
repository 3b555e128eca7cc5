/// Files of xz, by liblzma.
final class XZUnpacker: Unpacker {
    private(set) var isBetweenMembers = false

    private let lzma: LZMA
    private let stream = UnsafeMutablePointer<LZMA.Stream>.allocate(capacity: 1)

    /// - Throws: ``UnpackingError``.
    init() throws {
        lzma = try LZMA.found.get()
        stream.initialize(to: .init())
        try beginMember()
    }

    deinit {
        lzma.end(stream)
        stream.deallocate()
    }

    private func beginMember() throws {
        let status = lzma.begin(stream, UInt64(PackedReader.memoryLimit), 0)
        guard status == LZMA.ok else { throw UnpackingError(reason: LZMA.reason(status)) }
    }

    func unpack(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws -> (consumed: Int, produced: Int) {
        // Behind a stream there may be zeros, which fill a block of a tape or of a disk.
        if isBetweenMembers, input.first == 0 { return (input.prefix { $0 == 0 }.count, 0) }
        stream.pointee.nextIn = input.baseAddress
        stream.pointee.availableIn = input.count
        stream.pointee.nextOut = output.baseAddress
        stream.pointee.availableOut = output.count
        let status = lzma.code(stream, 0)
        let consumed = input.count - stream.pointee.availableIn
        let produced = output.count - stream.pointee.availableOut
        switch status {
        case LZMA.streamEnd:
            try beginMember()
            isBetweenMembers = true
        case LZMA.ok, LZMA.noProgress: if consumed > 0 { isBetweenMembers = false }
        default: throw UnpackingError(reason: LZMA.reason(status))
        }
        return (consumed, produced)
    }
}

/// What is used of liblzma.
private struct LZMA: Sendable {
    /// `lzma_stream` on systems of 64 bits.
    struct Stream {
        var nextIn: UnsafeRawPointer?
        var availableIn = 0
        var totalIn: UInt64 = 0
        var nextOut: UnsafeMutableRawPointer?
        var availableOut = 0
        var totalOut: UInt64 = 0
        var allocator, state: OpaquePointer?
        var reserved: (Int, Int, Int, Int) = (0, 0, 0, 0)
        var seekPosition: UInt64 = 0
        var reservedNumbers: (UInt64, Int, Int) = (0, 0, 0)
        var reservedChoices: (Int32, Int32) = (0, 0)
    }

    let begin: @Sendable @convention(c) (UnsafeMutableRawPointer, UInt64, UInt32) -> Int32
    let code: @Sendable @convention(c) (UnsafeMutableRawPointer, Int32) -> Int32
    let end: @Sendable @convention(c) (UnsafeMutableRawPointer) -> Void

    static let ok: Int32 = 0
    static let streamEnd: Int32 = 1
    static let noProgress: Int32 = 10

    static func reason(_ status: Int32) -> String {
        switch status {
        case 5: "there is no memory for it"
        case 6: "it takes more than \(PackedReader.memoryLimit >> 20) MB of memory"
        case 7: "it is not in the format of xz"
        case 8: "it is packed in a way that is not supported"
        case 9: "it is damaged"
        default: "liblzma says \(status)"
        }
    }

    static let found = Result { try LZMA() }

    private init() throws {
        let library = try SystemLibrary("liblzma.so.5", package: "liblzma5")
        begin = try library.function("lzma_stream_decoder")
        code = try library.function("lzma_code")
        end = try library.function("lzma_end")
    }
}
