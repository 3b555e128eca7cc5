import COpenCL
import CharRNNFiles
import FoundationEssentials

/// What the driver's compiler made of one source, kept on disk for the next start.
///
/// Some drivers keep nothing: Intel's takes a quarter of a second for each file at every start, and three milliseconds
/// with its own binary. A file is: the key, the checksum of the binary, the binary. The key is all that the binary
/// depends on, in full, so a file of another driver, device, source or program is never taken for ours. Whatever goes
/// wrong with the cache is no error: the source is compiled as if there were none.
struct OpenCLProgramCache {
    private let key: [UInt8]
    /// Nil where nothing is kept.
    private let file: URL?

    init(_ source: String, options: String, for info: OpenCLDeviceInfo) {
        let facts = ["char-rnn program 2"] + info.identity + [options, source]
        key = Array(facts.joined(separator: "\u{0}").utf8)
        file = CacheFolder.file("program", for: key)
    }

    /// The binary, if there is a whole one for this key.
    func read() -> [UInt8]? {
        guard let file, let bytes = (try? PlainFile.bytes(of: file)).map(Array.init), bytes.starts(with: key) else {
            return nil
        }
        let rest = bytes.dropFirst(key.count)
        let binary = Array(rest.dropFirst(8))
        guard rest.count > 8, rest.prefix(8).elementsEqual(Self.bytes(of: contentHash(binary))) else {
            return nil
        }
        return binary
    }

    /// Keeps the binary of a built program, whole or not at all.
    func write(_ program: cl_program) {
        guard let file, let binary = Self.binary(of: program) else { return }
        try? CacheFolder.write(Data(key + Self.bytes(of: contentHash(binary)) + binary), to: file)
    }

    /// Of a program for one device.
    private static func binary(of program: cl_program) -> [UInt8]? {
        var count = 0
        let sizes = clGetProgramInfo(
            program, cl_program_info(CL_PROGRAM_BINARY_SIZES), MemoryLayout<Int>.size, &count, nil)
        guard sizes == CL_SUCCESS, count > 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: count)
        let status = bytes.withUnsafeMutableBufferPointer { bytes in
            var pointer = bytes.baseAddress
            let size = MemoryLayout.size(ofValue: pointer)
            return clGetProgramInfo(program, cl_program_info(CL_PROGRAM_BINARIES), size, &pointer, nil)
        }
        return status == CL_SUCCESS ? bytes : nil
    }

    private static func bytes(of number: UInt64) -> [UInt8] { withUnsafeBytes(of: number.littleEndian) { Array($0) } }
}
