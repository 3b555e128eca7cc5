import FoundationEssentials

/// What a file is that is neither a text nor a checkpoint, told from how it begins: archives, documents, other programs'
/// models. People name them where one of the two is asked for, and some of them would be learned from without a word.
public struct FileFormat: Hashable, Sendable {
    /// What it is, as in "a PDF" or "packed by gzip".
    public let name: String
    /// How to make a text of it, where OLD and NEW are files.
    public let conversion: String
    /// What to do where a checkpoint is asked for.
    let adviceForCheckpoint: String
    /// Whether it may be learned from all the same.
    private let isText: Bool

    /// - Parameter start: the first bytes of a file; more than 256 KiB are not looked at, and without what is packed, 512 are
    ///   enough.
    /// - Returns: nil for what may be a text.
    public init?(beginningWith start: some Sequence<UInt8>) {
        guard let format = Self.of(Array(start.prefix(1 << 18))), !format.isText else { return nil }
        self = format
    }

    /// - Returns: nil for what may be a file of safetensors, if a damaged one: a length, and an object in JSON.
    init?(insteadOfCheckpoint data: Data) {
        guard !data.dropFirst(8).starts(with: "{\"".utf8), let format = Self.of(Array(data.prefix(1 << 18))),
            format != Self.weights
        else { return nil }
        self = format
    }

    private init(
        _ name: String, asText conversion: String = "name a text",
        asCheckpoint advice: String = "give a checkpoint, as char-rnn train writes", isText: Bool = false
    ) {
        (self.name, self.conversion, self.adviceForCheckpoint, self.isText) = (name, conversion, advice, isText)
    }

    /// What such a command makes a file of.
    private static func packed(_ name: String, _ command: String) -> FileFormat {
        FileFormat(
            name, asText: "unpack it with: \(command)",
            asCheckpoint: "unpack it with: \(command); and give the checkpoint inside")
    }

    static let pyTorch = FileFormat("a file of PyTorch")
    private static let weights = FileFormat("a file of weights")

    private static func of(_ bytes: [UInt8]) -> FileFormat? {
        let start = Array(bytes.prefix(512))
        func begins(_ bytes: [UInt8]) -> Bool { start.starts(with: bytes) }
        func begins(_ text: String) -> Bool { begins(Array(text.utf8)) }
        func has(_ bytes: [UInt8], at offset: Int) -> Bool { start.dropFirst(offset).starts(with: bytes) }
        switch true {
        // A length of less than 2³², then an object in JSON.
        case has([0, 0, 0, 0, UInt8(ascii: "{")], at: 4): return weights

        case begins([0x50, 0x4B, 3, 4]): return zip(String(decoding: start, as: UTF8.self))
        case begins([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C]): return packed("a 7z archive", "7z x OLD")
        case begins("Rar!\u{1A}\u{7}"): return packed("a RAR archive", "unrar x OLD")
        case isTar(start): return packed("a tar archive", "tar -xf OLD")
        case begins([0x1F, 0x8B]): return packed(by: "gzip", "gunzip", .gz, bytes)
        case begins([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0]): return packed(by: "xz", "unxz", .xz, bytes)
        case begins([0x28, 0xB5, 0x2F, 0xFD]): return packed(by: "zstd", "unzstd", .zst, bytes)
        case begins("BZh") && has([0x31, 0x41, 0x59, 0x26, 0x53, 0x59], at: 4):
            return packed("packed by bzip2", "bunzip2 < OLD > NEW")

        case begins("%PDF-"): return FileFormat("a PDF", asText: "make a text of it with: pdftotext OLD NEW")
        case begins("{\\rtf"):
            return FileFormat("a document in RTF", asText: "open it in a word processor and save it as plain text")
        case begins([0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]):
            return FileFormat("a document of Microsoft Office", asText: "open it there and save it as plain text")
        case begins([0x89, 0x50, 0x4E, 0x47]), begins([0xFF, 0xD8, 0xFF]): return FileFormat("a picture")
        case begins([0x7F, 0x45, 0x4C, 0x46]): return FileFormat("a program")

        case begins([0x80, 2, 0x8A, 10]):
            return FileFormat(
                "a file of PyTorch before 1.6",
                asCheckpoint: "load it there and save it again, with torch.save(state, path)")
        case begins([0x89, 0x48, 0x44, 0x46]):
            return FileFormat(
                "an HDF5 file, as Keras writes",
                asCheckpoint: "save the weights with safetensors, under the names of PyTorch")
        case begins("GGUF") && has([0, 0, 0], at: 5):
            return FileFormat(
                "a GGUF file of llama.cpp", asCheckpoint: "there are no recurrent networks of this kind in such files")
        case begins([8, 8, 0x12, 8]):
            return FileFormat(
                "an ONNX file",
                asCheckpoint: "such files are only written; give the checkpoint it was made of")
        default: return text(start)
        }
    }

    /// What is in an archive tells what it is.
    private static func zip(_ start: String) -> FileFormat {
        let pandoc = "make a text of it with: pandoc -t plain OLD -o NEW"
        return switch true {
        case start.contains("data.pkl"): pyTorch
        case start.contains(".npy"):
            FileFormat(
                "a file with arrays of NumPy",
                asCheckpoint: "such files are only written; give the checkpoint it was made of")
        case start.contains("application/epub+zip"): FileFormat("an e-book (EPUB)", asText: pandoc)
        case start.contains("application/vnd.oasis.opendocument"):
            FileFormat("a document of LibreOffice", asText: pandoc)
        case start.contains("[Content_Types].xml"), start.contains("word/"):
            FileFormat("a document of Microsoft Office", asText: pandoc)
        default: packed("a zip archive", "unzip OLD")
        }
    }

    private static func isTar(_ start: some Sequence<UInt8>) -> Bool { start.dropFirst(257).starts(with: "ustar".utf8) }

    /// One file, or an archive, as its beginning tells where the system can unpack that.
    private static func packed(
        by name: String, _ command: String, _ packing: Packing, _ bytes: [UInt8]
    ) -> FileFormat {
        packing.start(of: bytes).map(isTar) ?? false
            ? packed("a tar archive packed by \(name)", "tar -xf OLD")
            : packed("packed by \(name)", "\(command) < OLD > NEW")
    }

    /// Texts of other encodings, and those that nobody means where a checkpoint is asked for.
    private static func text(_ start: [UInt8]) -> FileFormat? {
        func begins(_ bytes: [UInt8]) -> Bool { start.starts(with: bytes) }
        func encoded(_ name: String, _ encoding: String) -> FileFormat {
            FileFormat("a text in \(name)", asText: "convert it with: iconv -f \(encoding) -t UTF-8 OLD > NEW")
        }
        let trimmed = String(decoding: start, as: UTF8.self).drop(while: \.isWhitespace).lowercased()
        switch true {
        case begins([0xFF, 0xFE, 0, 0]), begins([0, 0, 0xFE, 0xFF]): return encoded("UTF-32", "UTF-32")
        case begins([0xFF, 0xFE]), begins([0xFE, 0xFF]): return encoded("UTF-16", "UTF-16")
        case begins(Array("version https://git-lfs".utf8)):
            return FileFormat(
                "a pointer of Git LFS, not the file", asCheckpoint: "fetch that with: git lfs pull", isText: true)
        case trimmed.hasPrefix("<!doctype"), trimmed.hasPrefix("<html"):
            return FileFormat(
                "a web page", asCheckpoint: "download the file itself, with the link called raw or download",
                isText: true)
        case start.count > 8 && start.allSatisfy({ (9..<14).contains($0) || $0 >= 32 && $0 != 127 }):
            return FileFormat("a text", isText: true)
        default: return byteOrder(ofUTF16: start).map { encoded("UTF-16", "UTF-16\($0)") }
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
