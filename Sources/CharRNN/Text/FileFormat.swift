/// A file that is no text, told from how it begins: archives, documents and the like, which people name where a text is
/// asked for. As UTF-8 some of them would be learned from without a word.
public struct FileFormat: Hashable, Sendable {
    /// What it is, as in "a PDF" or "packed by gzip".
    public let name: String
    /// How to make a text of it, where OLD and NEW are files.
    public let conversion: String

    /// - Parameter start: the first bytes of a file, 512 or as many as there are.
    /// - Returns: nil for what may be a text.
    public init?(beginningWith start: some Sequence<UInt8>) {
        let start = Array(start.prefix(512))
        func begins(_ bytes: [UInt8]) -> Bool { start.starts(with: bytes) }
        func begins(_ text: String) -> Bool { begins(Array(text.utf8)) }
        switch true {
        case begins([0x50, 0x4B, 3, 4]): self = Self.zip(String(decoding: start, as: UTF8.self))
        case begins("%PDF-"): self.init("a PDF", "make a text of it with: pdftotext OLD NEW")
        case begins([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C]): self.init("a 7z archive", "unpack it with: 7z x OLD")
        case begins("Rar!\u{1A}\u{7}"): self.init("a RAR archive", "unpack it with: unrar x OLD")
        case start.dropFirst(257).starts(with: "ustar".utf8): self.init("a tar archive", "unpack it with: tar -xf OLD")
        case begins([0x1F, 0x8B]): self.init("packed by gzip", "unpack it with: gunzip < OLD > NEW")
        case begins("BZh") && start.dropFirst(4).starts(with: [0x31, 0x41, 0x59, 0x26, 0x53, 0x59]):
            self.init("packed by bzip2", "unpack it with: bunzip2 < OLD > NEW")
        case begins([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0]): self.init("packed by xz", "unpack it with: unxz < OLD > NEW")
        case begins([0x28, 0xB5, 0x2F, 0xFD]): self.init("packed by zstd", "unpack it with: unzstd < OLD > NEW")
        case begins([0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]):
            self.init("a document of Microsoft Office", "open it there and save it as plain text")
        case begins("{\\rtf"): self.init("a document in RTF", "open it in a word processor and save it as plain text")
        case begins([0x89, 0x50, 0x4E, 0x47]), begins([0xFF, 0xD8, 0xFF]): self.init("a picture", "name a text")
        case begins([0x7F, 0x45, 0x4C, 0x46]): self.init("a program", "name a text")
        case begins([0xFF, 0xFE, 0, 0]), begins([0, 0, 0xFE, 0xFF]):
            self.init("in UTF-32", "convert it with: iconv -f UTF-32 -t UTF-8 OLD > NEW")
        // A length of less than 2³², then an object in JSON.
        case start.count > 8 && start[4..<8].allSatisfy({ $0 == 0 }) && start[8] == UInt8(ascii: "{"):
            self.init("a file of weights", "name a text")
        default:
            guard let byteOrder = Self.byteOrder(ofUTF16: start) else { return nil }
            self.init("in UTF-16", "convert it with: iconv -f UTF-16\(byteOrder) -t UTF-8 OLD > NEW")
        }
    }

    private init(_ name: String, _ conversion: String) {
        (self.name, self.conversion) = (name, conversion)
    }

    /// What is in an archive tells what it is.
    private static func zip(_ start: String) -> FileFormat {
        let pandoc = "make a text of it with: pandoc -t plain OLD -o NEW"
        return switch true {
        case start.contains("application/epub+zip"): FileFormat("an e-book (EPUB)", pandoc)
        case start.contains("application/vnd.oasis.opendocument"): FileFormat("a document of LibreOffice", pandoc)
        case start.contains("[Content_Types].xml"), start.contains("word/"):
            FileFormat("a document of Microsoft Office", pandoc)
        case start.contains("data.pkl"): FileFormat("a file of PyTorch", "name a text")
        default: FileFormat("a zip archive", "unpack it with: unzip OLD")
        }
    }

    /// "LE" or "BE" of a text in UTF-16 without a mark at its start: every second byte is 0, and no other.
    private static func byteOrder(ofUTF16 start: [UInt8]) -> String? {
        let start = start.prefix(min(64, start.count / 2 * 2))
        guard start.count >= 8 else { return nil }
        let zeros = start.indices.filter { start[$0] == 0 }
        guard zeros.count == start.count / 2, let first = zeros.first else { return nil }
        return zeros.allSatisfy { $0 % 2 == first % 2 } ? first % 2 == 1 ? "LE" : "BE" : nil
    }
}
