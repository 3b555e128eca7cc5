import CharRNN
import Foundation
import TestSupport
import Testing

/// Files that are no checkpoints are told by name, with what to do.
@Suite struct OtherFormatTests {
    private static let archive = zipArchive([(name: "model/data.pkl", contents: Data([0x80, 2]))])

    private static let files: [(bytes: Data, words: String)] = [
        (archive, "it is a file of PyTorch; read a state dictionary of PyTorch as such"),
        (
            zipArchive([(name: "weight.npy", contents: Data([1]))]),
            "it is a file with arrays of NumPy; such files are only written"
        ),
        (zipArchive([(name: "metadata.json", contents: Data("{}".utf8))]), "it is a zip archive; unpack it"),
        (Data([0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20]), "PyTorch before 1.6"),
        (Data("\u{89}HDF\r\n".unicodeScalars.map { UInt8($0.value) } + [0x1A, 10, 0, 0]), "an HDF5 file"),
        (Data("GGUF".utf8 + [3, 0, 0, 0, 0, 0]), "a GGUF file of llama.cpp"),
        (
            Data([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]),
            "it is packed by gzip; unpack it with: gunzip < OLD > NEW; and give"
        ),
        (Data("version https://git-lfs.github.com/spec/v1\noid sha256:00\n".utf8), "git lfs pull"),
        (Data("\n<!DOCTYPE html><html></html>".utf8), "it is a web page"), (Data("<HTML>".utf8), "it is a web page"),
        (Data("First Citizen:\nBefore we proceed any further".utf8), "it is a text; give a checkpoint"),
        (Data("A text, {as it may be}".utf8), "it is a text; give a checkpoint"),
        (
            zipArchive([(name: "word/document.xml", contents: Data("<a/>".utf8))]),
            "it is a document of Microsoft Office"
        ),
        (Data([0xFF, 0xFE] + Array("a\0b\0".utf8)), "it is a text in UTF-16; give a checkpoint"),
        (Data("a\0b\0c\0d\0e\0".utf8), "it is a text in UTF-16; give a checkpoint"),
        (Data([0, 0, 0xFE, 0xFF, 0, 0, 0, 0x61]), "it is a text in UTF-32; give a checkpoint"),
        (tarPackedByGzip, "it is a tar archive packed by gzip; unpack it with: tar -xf OLD; and give"),
    ]

    /// A folder with an empty file `a`, as GNU tar 1.34 and gzip 1.12, xz 5.4.1 and zstd 1.5.4 pack it.
    private static let tarPackedByGzip = Data(
        base64Encoded:
            "H4sIAAAAAAACA+3RQQqDMBAF0DlKbmACxpzHEwga71/psrTVTYXCe5s/8Gf3+xA/lw+t1mceXvPN3dqUI9W4wb71eU0p1mXp"
            + "3/7O+j/Vh/mW/adxvL5/yaWUSNn+AAAAAAAAAAAAHz0AGtjoGAAoAAA=")!
    private static let tarPackedByXZ = Data(
        base64Encoded:
            "/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4Cf/AGldADoLvBunjDRE4cIHdej848CShJTXnC5NqNR3dTetET++vzs1S6cROjIH"
            + "9VSRuLaf1E4/yDnC1ASWXBg69mEv4CE3w9d82CgmEiCHFHwAZ6DSq6ltofNGxnFO1/Qa7ioggnU3csdt2U44AAAAAADy2L2q"
            + "ZgLd6AABhQGAUAAAjeCtMbHEZ/sCAAAAAARZWg==")!
    private static let tarPackedByZstandard = Data(
        base64Encoded:
            "KLUv/QRoVQIA0sIIDMA9HKP/kp3L8jcmBQKfGRkiw+Bzph5Akbf/govdyatOHhwNIDAtMDAP/YMHYFQeoCEGTOcpCuMAaP/v"
            + "0x0KOOCgAOaTcwOnMAFn")!

    @Test(arguments: files.indices) func eachIsTold(_ index: Int) throws {
        let (bytes, words) = Self.files[index]
        let error = #expect(throws: CheckpointError.self) { try Checkpoint(bytes, path: "file") }
        #expect(error?.description.contains(words) == true, "\(String(describing: error))")
        #expect(error?.description.hasPrefix("file is not a checkpoint of char-rnn: ") == true)
    }

    @Test(arguments: files.indices.filter { !files[$0].bytes.starts(with: "PK".utf8) })
    func eachIsToldWhereAStateDictionaryIsAskedFor(_ index: Int) throws {
        let (bytes, words) = Self.files[index]
        let error = #expect(throws: CheckpointError.self) {
            try Checkpoint(pyTorch: bytes, path: "file", vocabulary: Vocabulary(of: "a"))
        }
        #expect(error?.description.contains(words) == true, "\(String(describing: error))")
    }

    /// Where a text is asked for. A program that reads bytes takes them all.
    private static let noTexts: [(bytes: Data, words: String)] = [
        (zipArchive([(name: "input.txt", contents: Data("a".utf8))]), "it is a zip archive; unpack it with: unzip OLD"),
        (zipArchive([(name: "mimetype", contents: Data("application/epub+zip".utf8))]), "it is an e-book (EPUB); make"),
        (
            zipArchive([(name: "[Content_Types].xml", contents: Data("<a/>".utf8))]),
            "it is a document of Microsoft Office"
        ),
        (Data("%PDF-1.7\nplain ASCII".utf8), "it is a PDF; make a text of it with: pdftotext OLD NEW"),
        (Data([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C, 0, 4]), "it is a 7z archive; unpack it with: 7z x OLD"),
        (Data("Rar!\u{1A}\u{7}\u{1}\0".utf8), "it is a RAR archive"),
        (
            Data("input.txt".utf8 + [UInt8](repeating: 0, count: 248) + Array("ustar\u{0}00".utf8)),
            "it is a tar archive"
        ),
        (Data([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]), "it is packed by gzip; unpack it with: gunzip < OLD > NEW"),
        (Data([12, 0, 0, 0, 0, 0, 0, 0] + Array("{\"a\": 1}   ".utf8)), "it is a file of weights; name a text"),
        (Data([0xFF, 0xFE, 0, 0, 0x61, 0, 0, 0]), "it is a text in UTF-32; convert it with: iconv -f UTF-32 "),
        (Data([0xFE, 0xFF, 0, 0x61]), "it is a text in UTF-16; convert it with: iconv -f UTF-16 "),
        (Data("a\0b\0c\0d\0e\0".utf8), "it is a text in UTF-16; convert it with: iconv -f UTF-16LE"),
        (Data("\0a\0b\0c\0d\0e".utf8), "it is a text in UTF-16; convert it with: iconv -f UTF-16BE"),
        (tarPackedByGzip, "it is a tar archive packed by gzip; unpack it with: tar -xf OLD"),
        (tarPackedByXZ, "it is a tar archive packed by xz; unpack it with: tar -xf OLD"),
        (tarPackedByZstandard, "it is a tar archive packed by zstd; unpack it with: tar -xf OLD"),
        (Data("GGUF".utf8 + [3, 0, 0, 0, 0, 0]), "it is a GGUF file of llama.cpp; name a text"),
        (Data("\u{89}HDF\r\n".unicodeScalars.map { UInt8($0.value) } + [0x1A, 10]), "it is an HDF5 file, as Keras"),
        (archive, "it is a file of PyTorch; name a text"),
    ]

    @Test(arguments: noTexts.indices) func whatIsNoTextIsTold(_ index: Int) throws {
        let (bytes, words) = Self.noTexts[index]
        let error = #expect(throws: TextError.self) { try TextDataset(bytes: bytes, tokens: .scalars) }
        #expect(error?.description.hasPrefix("cannot read the text: \(words)") == true, "\(String(describing: error))")
        #expect(error?.description.hasSuffix("; or read it as bytes") == true)
        #expect(try TextDataset(bytes: bytes + bytes, tokens: .bytes).characterCount == 2 * bytes.count)
    }

    @Test(arguments: [
        "", "a", "PK", "BZh is how it begins", "Rare!", "a\0\0b\0\0c\0\0", "%PD", "\u{FEFF}a text", "GGUF is a format",
        "<html>", "version https://git-lfs.github.com/spec/v1",
    ])
    func whatMayBeATextIsNoOtherFormat(_ text: String) { #expect(FileFormat(beginningWith: text.utf8) == nil) }

    @Test func anONNXFileIsTold() throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("model.onnx")
            try Checkpoint(of: Run().model()).writeONNX(to: file)
            let error = #expect(throws: CheckpointError.self) { try Checkpoint(contentsOf: file) }
            #expect(error?.description.contains("give the checkpoint it was made of") == true)
        }
    }
}
