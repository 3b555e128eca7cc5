import CharRNN
import Foundation
import TestSupport
import Testing

/// Files that are no checkpoints are told by name, with what to do.
@Suite struct OtherFormatTests {
    private static let archive = zipArchive([(name: "model/data.pkl", contents: Data([0x80, 2]))])

    private static let files: [(bytes: Data, words: String)] = [
        (archive, "it is a file of PyTorch; read a state dictionary of PyTorch as such"),
        (zipArchive([(name: "weight.npy", contents: Data([1]))]), "it holds arrays of NumPy, which are only written"),
        (zipArchive([(name: "metadata.json", contents: Data("{}".utf8))]), "it is a zip archive; unpack it"),
        (Data([0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20]), "PyTorch before 1.6"),
        (Data("\u{89}HDF\r\n".unicodeScalars.map { UInt8($0.value) } + [0x1A, 10, 0, 0]), "an HDF5 file"),
        (Data("GGUF".utf8 + [3, 0, 0, 0, 0, 0]), "a GGUF file of llama.cpp"),
        (Data([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]), "compressed; unpack it with gunzip"),
        (Data("version https://git-lfs.github.com/spec/v1\noid sha256:00\n".utf8), "git lfs pull"),
        (Data("\n<!DOCTYPE html><html></html>".utf8), "it is a web page"), (Data("<HTML>".utf8), "it is a web page"),
        (Data("First Citizen:\nBefore we proceed any further".utf8), "it is a text; give a checkpoint"),
    ]

    @Test(arguments: files.indices) func eachIsTold(_ index: Int) throws {
        let (bytes, words) = Self.files[index]
        let error = #expect(throws: CheckpointError.self) { try Checkpoint(bytes, path: "file") }
        #expect(error?.description.contains(words) == true, "\(String(describing: error))")
        #expect(error?.description.hasPrefix("file is not a checkpoint of char-rnn: ") == true)
    }

    @Test(arguments: files.indices.dropFirst(3)) func eachIsToldWhereAStateDictionaryIsAskedFor(_ index: Int) throws {
        let (bytes, words) = Self.files[index]
        let error = #expect(throws: CheckpointError.self) {
            try Checkpoint(pyTorch: bytes, path: "file", vocabulary: Vocabulary(of: "a"))
        }
        #expect(error?.description.contains(words) == true, "\(String(describing: error))")
    }

    @Test func anONNXFileIsTold() throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("model.onnx")
            try Checkpoint(of: Run().model()).writeONNX(to: file)
            let error = #expect(throws: CheckpointError.self) { try Checkpoint(contentsOf: file) }
            #expect(error?.description.contains("give the checkpoint it was made of") == true)
        }
    }
}
