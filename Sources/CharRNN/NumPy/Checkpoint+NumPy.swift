import CharRNNFiles
import FoundationEssentials

extension Checkpoint {
    /// Writes a folder that needs nothing but Python and NumPy: `weights.npz`, which has the tensors under their names, and
    /// the configuration as bytes of JSON, and `sample.py`, which lets the model write. An embedding is ``folded``.
    ///
    /// - Throws: `FileError`, also when another `sample.py` is there, and for a model beyond the 4 GB of the format.
    public func writeNumPy(to folder: URL) throws {
        let weights = folder.appendingPathComponent("weights.npz")
        let model = folded
        guard model.parameterCount < (Int(UInt32.max) - (16 << 20)) / 4 else {
            throw FileError(
                action: "write", path: weights.path,
                reason: "the model has \(Count(model.parameterCount)) parameters, and an .npz file here holds at most "
                    + "4 GB")
        }
        let json = Data(try JSON.text(model.configuration).utf8)
        let arrays = [(name: "configuration.npy", contents: Self.array("|u1", [json.count], json))]
        try ProgramFolder(url: folder, program: ("sample.py", numPyScript)).write {
            let tensors = model.tensors.map { tensor in
                let bytes = tensor.values.withUnsafeBytes { Data($0) }
                return (name: tensor.name + ".npy", contents: Self.array("<f4", tensor.shape, bytes))
            }
            try AtomicFile.write(zipArchive(arrays + tensors), to: weights)
        }
    }

    /// NumPy's format for one array: a line of Python that says what the bytes behind it are.
    private static func array(_ type: String, _ shape: [Int], _ bytes: Data) -> Data {
        let sizes = shape.map { "\($0)," }.joined(separator: " ")
        var header = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(sizes)), }"
        // The numbers begin at a multiple of 64.
        header += String(repeating: " ", count: 63 - (10 + header.utf8.count) % 64) + "\n"
        let length = UInt16(header.utf8.count)
        return Data([0x93] + "NUMPY".utf8 + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)] + header.utf8) + bytes
    }
}
