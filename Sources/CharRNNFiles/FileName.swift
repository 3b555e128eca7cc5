import FoundationEssentials
import Glibc

/// Names of files as strings. To Linux a name is bytes. A byte of it that is no UTF-8 is one private scalar here, as
/// Python's `os.fsdecode` has a surrogate for it (PEP 383), so that strings, URLs and JSON have any name.
public enum FileName {
    /// 0x10FE00 + byte. Where a name has the UTF-8 of such a scalar, its four bytes are escaped one by one, so that
    /// different names are different strings.
    private static let offset: UInt32 = 0x10FE00

    /// The string of a name or a path.
    public static func string(_ name: UnsafePointer<CChar>) -> String {
        let bytes = UnsafeBufferPointer(start: name, count: strlen(name)).map(UInt8.init(bitPattern:))
        var scalars = String.UnicodeScalarView()
        func escape(_ bytes: ArraySlice<UInt8>) {
            scalars.append(contentsOf: bytes.lazy.map { Unicode.Scalar(offset + UInt32($0))! })
        }
        var (parser, rest, place) = (UTF8.ForwardParser(), bytes.makeIterator(), 0)
        while true {
            switch parser.parseScalar(from: &rest) {
            case .emptyInput: return String(scalars)
            case .valid(let encoded):
                let scalar = UTF8.decode(encoded)
                let next = place + encoded.count
                if byte(scalar) == nil { scalars.append(scalar) } else { escape(bytes[place..<next]) }
                place = next
            case .error(let length):
                escape(bytes[place..<place + length])
                place += length
            }
        }
    }

    /// The bytes of the name or the path that a string stands for.
    public static func bytes(_ string: String) -> [UInt8] {
        string.unicodeScalars.reduce(into: []) { bytes, scalar in
            if let byte = byte(scalar) { bytes.append(byte) } else { bytes += UTF8.encode(scalar)! }
        }
    }

    /// The same as the system takes it, with a zero at its end.
    public static func cString(_ string: String) -> [CChar] { bytes(string).map(CChar.init(bitPattern:)) + [0] }

    /// The byte that a scalar stands for; nil for one that is a character.
    public static func byte(_ scalar: Unicode.Scalar) -> UInt8? {
        offset + 0x80...offset + 0xFF ~= scalar.value ? UInt8(truncatingIfNeeded: scalar.value) : nil
    }

    /// `name` for people to read, such a byte as "\xE9".
    public static func readable(_ name: String) -> String {
        name.unicodeScalars.map { byte($0) == nil ? String($0) : escaped($0) }.joined()
    }

    /// A scalar that should not be shown.
    public static func escaped(_ scalar: Unicode.Scalar) -> String {
        byte(scalar).map { "\\x" + String($0, radix: 16, uppercase: true) } ?? scalar.escaped(asASCII: true)
    }

    /// The names of all that is in a folder, in no order.
    ///
    /// - Throws: ``FileError``.
    public static func all(in folder: URL) throws -> [String] {
        guard let stream = opendir(folder.systemPath) else { throw FileError.system("read", folder) }
        defer { closedir(stream) }
        var names: [String] = []
        errno = 0
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                string($0.assumingMemoryBound(to: CChar.self).baseAddress!)
            }
            if name != ".", name != ".." { names.append(name) }
            errno = 0
        }
        guard errno == 0 else { throw FileError.system("read", folder) }
        return names
    }

    /// The words of the command line after the program's name, which Swift mends where they are no UTF-8.
    public static let arguments = (1..<max(1, Int(CommandLine.argc))).map { string(CommandLine.unsafeArgv[$0]!) }

    /// The variables of the environment, whose values may be names.
    package static var environment: [String: String] {
        let variables = ProcessInfo.processInfo.environment.keys
        return Dictionary(uniqueKeysWithValues: variables.compactMap { key in getenv(key).map { (key, string($0)) } })
    }

    /// `names` in the order of their bytes.
    public static func sorted(_ names: [String]) -> [String] {
        names.map { (name: $0, bytes: bytes($0)) }
            .sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }.map(\.name)
    }
}

extension URL {
    /// The path as the system takes it.
    package var systemPath: [CChar] { FileName.cString(path) }
}
