import FoundationEssentials

/// The bytes of a text, a block at a time: a text need not fit in memory, and one that another program cuts short in the
/// meantime ends early, where a mapped file would end the program.
final class TextBlocks {
    static let size = 1 << 20

    /// Where bytes lie, for errors.
    struct Place {
        /// The file, or what the text is called.
        let name: String
        /// Of the first byte, in the file.
        var offset = 0
    }

    /// What is not yet opened.
    private var rest: ArraySlice<(name: String, open: () throws -> any ByteReader)>
    private var open: (reader: any ByteReader, place: Place)?
    /// The beginning of a scalar that goes on in the next block.
    private var carried: [UInt8] = []

    init(_ parts: [(name: String, open: () throws -> any ByteReader)]) { rest = parts[...] }

    /// Fills the front of `block` with what comes next, and returns how many bytes there are and the place of the first;
    /// nil at the end. Where the bytes are UTF-8 no scalar is cut in two, and none goes on in another file.
    ///
    /// - Throws: ``TextError/unreadable(file:reason:)``.
    func next(into block: UnsafeMutableRawBufferPointer) throws -> (count: Int, place: Place)? {
        while true {
            guard let (reader, place) = open else {
                guard let part = rest.popFirst() else { return nil }
                open = try (part.open(), Place(name: part.name))
                continue
            }
            block.copyBytes(from: carried)
            let count = try reader.read(into: UnsafeMutableRawBufferPointer(rebasing: block[carried.count...]))
            let filled = UnsafeRawBufferPointer(rebasing: block[..<(carried.count + count)])
            guard !filled.isEmpty else {
                open = nil
                continue
            }
            // At the end there is nothing more to wait for. What is packed comes in parts of any size, of a byte as well.
            let last = Array(filled.suffix(3))
            let whole = count == 0 ? filled.count : filled.count - UTF8Assembler.unfinishedCount(last)
            carried = Array(filled[whole...])
            guard whole > 0 else { continue }
            open?.place.offset += whole
            return (whole, place)
        }
    }
}
