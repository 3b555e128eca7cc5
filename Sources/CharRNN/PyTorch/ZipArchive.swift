import FoundationEssentials

/// The entries of a zip archive (PKWARE's APPNOTE 6.3) below 4 GB that are stored, as `torch.save` stores all of its own.
///
/// Only the list at the end of the file counts. Every place is held against the file before it is used.
struct ZipArchive {
    /// The bytes of each entry by its name; nil for one that is compressed or encrypted.
    let entries: [String: Range<Int>?]

    /// Whether bytes begin as an archive does.
    static func isLikely(_ data: Data) -> Bool { data.prefix(4).elementsEqual([0x50, 0x4B, 3, 4]) }

    /// - Throws: ``StateDictionaryFault``.
    init(_ data: Data) throws {
        entries = try data.withUnsafeBytes { bytes in
            try Reader(bytes: bytes).entries()
        }
    }

    private struct Reader {
        let bytes: UnsafeRawBufferPointer

        func entries() throws -> [String: Range<Int>?] {
            let end = try endOfDirectory()
            let count = Int(try number(UInt16.self, at: end + 10))
            var place = Int(try number(UInt32.self, at: end + 16))
            var entries: [String: Range<Int>?] = [:]
            for _ in 0..<count {
                guard try number(UInt32.self, at: place) == 0x0201_4B50 else { throw broken("its list of entries") }
                let flags = try number(UInt16.self, at: place + 8)
                let method = try number(UInt16.self, at: place + 10)
                let stored = Int(try number(UInt32.self, at: place + 20))
                let size = Int(try number(UInt32.self, at: place + 24))
                let lengths = try [28, 30, 32].map { Int(try number(UInt16.self, at: place + $0)) }
                let start = Int(try number(UInt32.self, at: place + 42))
                let name = try text(place + 46, lengths[0])
                let isPlain = method == 0 && flags & 1 == 0 && stored == size
                let range = isPlain ? try contents(start, size, name) : nil
                guard entries.updateValue(range, forKey: name) == nil else {
                    throw StateDictionaryFault("it is a zip archive with the entry '\(name)' twice")
                }
                place += 46 + lengths.reduce(0, +)
            }
            return entries
        }

        /// The place of the last record, behind which a comment may stand.
        private func endOfDirectory() throws -> Int {
            for place in stride(from: bytes.count - 22, through: max(0, bytes.count - 22 - 0xFFFF), by: -1)
            where try number(UInt32.self, at: place) == 0x0605_4B50 {
                return place
            }
            throw StateDictionaryFault("it is a zip archive without its end; copy the file again")
        }

        /// The bytes of an entry, which follow a header of its own.
        private func contents(_ header: Int, _ size: Int, _ name: String) throws -> Range<Int> {
            guard try number(UInt32.self, at: header) == 0x0403_4B50 else { throw broken("the entry '\(name)'") }
            let lengths = try [26, 28].map { Int(try number(UInt16.self, at: header + $0)) }
            let start = header + 30 + lengths.reduce(0, +)
            guard start <= bytes.count, size <= bytes.count - start else { throw broken("the entry '\(name)'") }
            return start..<start + size
        }

        private func number<Value: FixedWidthInteger & BitwiseCopyable>(_: Value.Type, at place: Int) throws -> Value {
            guard place >= 0, place <= bytes.count - MemoryLayout<Value>.size else { throw broken("a record") }
            return Value(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: Value.self))
        }

        private func text(_ place: Int, _ count: Int) throws -> String {
            guard count <= bytes.count - place else { throw broken("the name of an entry") }
            return String(decoding: bytes[place..<place + count], as: UTF8.self)
        }

        private func broken(_ what: String) -> StateDictionaryFault {
            StateDictionaryFault("it is a zip archive in which \(what) does not lie in its \(bytes.count) bytes")
        }
    }
}
