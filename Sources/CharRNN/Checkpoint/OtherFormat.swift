import FoundationEssentials

/// What people give for a checkpoint that is something else, told from how it begins, with what to do.
enum OtherFormat {
    private static let zip: [UInt8] = [0x50, 0x4B, 3, 4]

    /// Whether `torch.save` has written a file.
    static func isPyTorch(_ data: Data) -> Bool {
        data.starts(with: zip) && String(decoding: data.prefix(200), as: UTF8.self).contains("data.pkl")
    }

    /// Nil for what may be a file of safetensors.
    static func advice(_ data: Data) -> String? {
        let start = Array(data.prefix(512))
        guard start.count < 9 || start[8] != UInt8(ascii: "{") else { return nil }
        func begins(_ bytes: [UInt8]) -> Bool { start.starts(with: bytes) }
        func begins(_ text: String) -> Bool { begins(Array(text.utf8)) }
        let text = String(decoding: start, as: UTF8.self)
        let trimmed = text.drop(while: \.isWhitespace).lowercased()
        return switch true {
        case begins(zip) && text.contains(".npy"):
            "it holds arrays of NumPy, which are only written; give the checkpoint they were made of"
        case begins(zip): "it is a zip archive; unpack it and give the checkpoint inside"
        case begins([0x80, 2, 0x8A, 10]):
            "it is a file of PyTorch before 1.6; load it there and save it again, with torch.save(state, path)"
        case begins([0x89, 0x48, 0x44, 0x46]):
            "it is an HDF5 file, as Keras writes; save the weights with safetensors, under the names of PyTorch"
        case begins("GGUF"): "it is a GGUF file of llama.cpp, which has no recurrent networks of this kind"
        case begins([8, 8, 0x12, 8]): "it is an ONNX file, which is only written; give the checkpoint it was made of"
        case begins([0x1F, 0x8B]): "it is compressed; unpack it with gunzip"
        case begins("version https://git-lfs"):
            "it is a pointer of Git LFS, not the file; fetch that with: git lfs pull"
        case trimmed.hasPrefix("<!doctype"), trimmed.hasPrefix("<html"):
            "it is a web page; download the file itself, with the link called raw or download"
        case !begins("%PDF-") && start.count > 8
            && start.allSatisfy({ (9..<14).contains($0) || $0 >= 32 && $0 != 127 }):
            "it is a text; give a checkpoint, as char-rnn train writes"
        default:
            FileFormat(beginningWith: start).map { "it is \($0.name); give a checkpoint, as char-rnn train writes" }
        }
    }
}
