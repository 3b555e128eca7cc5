import CharRNNFiles
import Foundation
import TestSupport
import Testing

@Suite("Names that are any bytes")
struct FileNameTests {
    private func string(_ bytes: [UInt8]) -> String { FileName.string(bytes.map(CChar.init(bitPattern:)) + [0]) }

    @Test("A string leads back to its name, and that of a text is the text")
    func thereAndBack() {
        // All names of up to five bytes, of which some are whole characters, and some stand for bytes elsewhere.
        let bytes: [UInt8] = [0x2F, 0x80, 0x8F, 0xBB, 0xC3, 0xE2, 0xF4, 0xFF]
        var names: [[UInt8]] = [[]]
        for _ in 1...5 { names = [[]] + names.flatMap { name in bytes.map { name + [$0] } } }
        names += (1...255).map { [$0] } + ["e\u{301}é.txt", "\u{10FE7F}\u{10FF00}\u{10FFFF}"].map { Array($0.utf8) }
        var texts = 0
        for name in names {
            let string = string(name)
            guard FileName.bytes(string) == name, FileName.cString(string) == name.map(CChar.init(bitPattern:)) + [0]
            else {
                Issue.record("\(name) becomes \(string.unicodeScalars.map(\.value))")
                continue
            }
            let text = String(decoding: name, as: UTF8.self)
            guard text.utf8.elementsEqual(name), !text.unicodeScalars.contains(where: { FileName.byte($0) != nil })
            else { continue }
            texts += 1
            if !string.utf8.elementsEqual(name) { Issue.record("'\(text)' becomes '\(string)'") }
        }
        #expect(texts > 100)
    }

    @Test(
        "What is no UTF-8, and what would be taken for it, is one scalar a byte",
        arguments: [
            ([0x63, 0xE9], "c\u{10FEE9}", "c\\xE9"), ([0xFF, 0x80], "\u{10FEFF}\u{10FE80}", "\\xFF\\x80"),
            // Longer than need be, a surrogate, beyond the last, cut short before a letter.
            ([0xC0, 0xAF], "\u{10FEC0}\u{10FEAF}", "\\xC0\\xAF"),
            ([0xED, 0xA0, 0x80], "\u{10FEED}\u{10FEA0}\u{10FE80}", "\\xED\\xA0\\x80"),
            ([0xF4, 0x90, 0x61], "\u{10FEF4}\u{10FE90}a", "\\xF4\\x90a"),
            ([0xE2, 0x82, 0x2F], "\u{10FEE2}\u{10FE82}/", "\\xE2\\x82/"),
            (Array("\u{10FEE9}".utf8), "\u{10FEF4}\u{10FE8F}\u{10FEBB}\u{10FEA9}", "\\xF4\\x8F\\xBB\\xA9"),
        ] as [([UInt8], String, String)])
    func notUTF8(_ bytes: [UInt8], _ text: String, _ readable: String) {
        #expect(string(bytes) == text)
        #expect(FileName.readable(text) == readable)
    }

    @Test("Files of such names are made, found, read and removed")
    func files() throws {
        try withTemporaryFolder { folder in
            let inner = folder.appendingPathComponent(string([0x61, 0xE9]) + "/" + string([0xFF]))
            try Folder.make(inner)
            try Folder.make(inner)
            var found = stat()
            let path = Array(folder.path.utf8) + [0x2F, 0x61, 0xE9, 0x2F, 0xFF]
            #expect(stat(path.map(CChar.init(bitPattern:)) + [0], &found) == 0 && found.st_mode & S_IFMT == S_IFDIR)
            let names = [[0x62], [0xC3, 0xA9], [0xE9, 0x2E], [0xF0, 0x9F, 0x98, 0x80], [0xF5]] as [[UInt8]]
            for name in names { try AtomicFile.write(Data(name), to: inner.appendingPathComponent(string(name))) }
            #expect(try FileName.sorted(FileName.all(in: inner)) == names.map(string))
            for name in names {
                let file = inner.appendingPathComponent(string(name))
                #expect(try PlainFile.bytes(of: file) == Data(name) && PlainFile.mapped(file) == Data(name))
                let obstacle = "\(file.path) is there, and is no folder"
                #expect(throws: FileError(action: "make the folder", path: file.path, reason: obstacle)) {
                    try Folder.make(file)
                }
                #expect(throws: FileError(action: "read", path: file.path, reason: "Not a directory")) {
                    try FileName.all(in: file)
                }
            }
        }
    }
}
