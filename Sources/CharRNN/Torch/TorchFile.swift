import FoundationEssentials

/// A value of Torch's serialisation. What it refers to lies in the file's ``TorchFile/objects``, so that values form no
/// cycles in memory though the file's objects do.
enum TorchValue {
    case nothing
    case number(Double)
    case boolean(Bool)
    /// The bytes of the file that it has.
    case string(Range<Int>)
    /// The place of an object.
    case object(Int)
}

/// What has an identity in Torch's serialisation.
enum TorchObject {
    case table(TorchTable)
    /// Of a Lua class; its fields are a table as a rule.
    case instance(className: String, fields: TorchValue)
    case tensor(TorchTensor)
    case storage(TorchStorage)
    /// Bytecode, which nobody looks at.
    case function
}

/// The pairs of a table in the order of the file.
struct TorchTable {
    let pairs: [(key: TorchValue, value: TorchValue)]
    /// The first pair of each name, for a file may refer to one large table as often as it likes.
    private let places: [[UInt8]: Int]

    /// Of keys and values by turns, whose names are in `bytes`.
    init(_ parts: [TorchValue] = [], in bytes: UnsafeRawBufferPointer) {
        pairs = stride(from: 0, to: parts.count, by: 2).map { (key: parts[$0], value: parts[$0 + 1]) }
        let names = pairs.enumerated().compactMap { place, pair in
            if case .string(let range) = pair.key { (Array(bytes[range]), place) } else { nil }
        }
        places = Dictionary(names, uniquingKeysWith: { first, _ in first })
    }

    subscript(name: String) -> TorchValue? { places[Array(name.utf8)].map { pairs[$0].value } }
}

/// A file that `torch.save` wrote, taken apart: data only, nothing in it is run.
package struct TorchFile {
    let data: Data
    let root: TorchValue
    let objects: [TorchObject]

    /// Reads the bytes of a file.
    ///
    /// - Throws: ``TorchFault``.
    package init(_ data: Data) throws {
        self.data = data
        (root, objects) = try data.withUnsafeBytes { bytes in
            guard bytes.count < 2 || bytes[0] < UInt8(ascii: "0") || bytes[1] != 0x0A else {
                throw TorchFault.malformed("it is in Torch's ASCII format; save it again with torch.save(path, object)")
            }
            var reader = TorchReader(bytes)
            return try reader.read()
        }
    }

    /// Whether a file begins as Torch's do: a table or an instance with its index, of which a header of safetensors
    /// has only the first. The ASCII format has the same as text.
    static func isLikely(_ data: Data) -> Bool {
        let start = Array(data.prefix(8))
        guard start.count == 8 else { return false }
        let isBinary = (3...4).contains(start[0]) && start[1..<4].allSatisfy { $0 == 0 } && start[4...] != [0, 0, 0, 0]
        return isBinary || (0x33...0x34).contains(start[0]) && start[1] == 0x0A
    }

    package var rootNode: TorchNode { TorchNode(file: self, value: root) }
}

/// Why a Torch file cannot be used.
package enum TorchFault: Error {
    /// It breaks the rules of the format.
    case malformed(String)
    /// It holds something else than a model of char-rnn's or torch-rnn's kind.
    case foreign(String)
}

/// A value with its file: the way to walk through a file's objects.
package struct TorchNode {
    let file: TorchFile
    let value: TorchValue

    /// An entry of a table, or of the fields of an instance.
    subscript(key: String) -> TorchNode? { table?[key].map { TorchNode(file: file, value: $0) } }

    /// The entries of a table (or of the fields of an instance) with a number for a key, in ascending order.
    var elements: [(number: Double, node: TorchNode)] {
        pairs.compactMap { key, value in
            if case .number(let number) = key { (number, TorchNode(file: file, value: value)) } else { nil }
        }.sorted { $0.0 < $1.0 }
    }

    /// The entries of a table with a string for a key, in the order of the file.
    var fields: [(name: [UInt8], node: TorchNode)] {
        pairs.compactMap { key, value in
            if case .string(let range) = key { (bytes(range), TorchNode(file: file, value: value)) } else { nil }
        }
    }

    var number: Double? { if case .number(let number) = value { number } else { nil } }
    var string: [UInt8]? { if case .string(let range) = value { bytes(range) } else { nil } }
    var text: String? { string.map { String(decoding: $0, as: UTF8.self) } }
    var className: String? { if case .instance(let name, _) = object { name } else { nil } }
    package var tensor: TorchTensor? { if case .tensor(let tensor) = object { tensor } else { nil } }
    var isTable: Bool { if case .table = object { true } else { false } }

    private var object: TorchObject? { if case .object(let place) = value { file.objects[place] } else { nil } }

    private var table: TorchTable? {
        switch object {
        case .table(let table): return table
        case .instance(_, .object(let place)):
            if case .table(let table) = file.objects[place] { return table }
            return nil
        default: return nil
        }
    }

    private var pairs: [(key: TorchValue, value: TorchValue)] { table?.pairs ?? [] }

    private func bytes(_ range: Range<Int>) -> [UInt8] { file.data.withUnsafeBytes { Array($0[range]) } }
}

extension TorchNode: CustomStringConvertible {
    /// What it is, for a message: "a table of 'i', 'model' (nn.Sequential of nn.View, nn.Linear)".
    package var description: String {
        switch object {
        case .table:
            let sorted = fields.sorted { $0.name.lexicographicallyPrecedes($1.name) }
            let names = sorted.prefix(Self.listed).map { name, node in
                Vocabulary.quoted(name) + (node.contents.map { " (\($0))" } ?? "")
            }
            return names.isEmpty ? "a table without names" : "a table of " + Self.list(names, of: sorted.count)
        case .instance: return contents!
        case .tensor(let tensor): return "a \(tensor.className) of size \(tensor.sizes)"
        case .storage: return "a storage"
        case .function: return "a function"
        case nil: return "a single value"
        }
    }

    /// The class of an instance, with those of the modules in it.
    private var contents: String? {
        className.map { name in
            var known: Set<String> = []
            let modules = (self["modules"]?.elements ?? []).compactMap(\.node.className)
                .filter { known.insert($0).inserted }
            return modules.isEmpty ? name : "\(name) of \(Self.list(modules.prefix(Self.listed), of: modules.count))"
        }
    }

    /// How many names are shown of a list, which a file can make as long as it likes.
    private static let listed = 8

    private static func list(_ names: some Sequence<String>, of count: Int) -> String {
        names.joined(separator: ", ") + (count > listed ? " and \(count - listed) more" : "")
    }
}
