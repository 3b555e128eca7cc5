import FoundationEssentials

/// A file of `torch.save` (`.pt`, `.pth`, Lightning's `.ckpt`): a zip archive with a pickle of the objects and an entry
/// for each storage of numbers. It is read as data; nothing in it is run.
struct PyTorchFile {
    private let data: Data
    private let storages: [String: Range<Int>]
    private let objects: [PickleObject]
    private let root: PickleValue

    /// - Throws: ``StateDictionaryFault``.
    init(_ data: Data) throws {
        let archive = try ZipArchive(data)
        let pickles = archive.entries.keys.filter { $0 == "data.pkl" || $0.hasSuffix("/data.pkl") }
        guard pickles.count == 1 else {
            throw StateDictionaryFault("it is a zip archive, but none of torch.save: it has no data.pkl")
        }
        let folder = pickles[0].dropLast("data.pkl".count)
        guard archive.entries["\(folder)constants.pkl"] == nil else {
            throw StateDictionaryFault(
                "it is a program of TorchScript (torch.jit.save); save the weights alone, with "
                    + "torch.save(model.state_dict(), path)")
        }
        guard let pickle = archive.entries[pickles[0]] ?? nil else {
            throw StateDictionaryFault("its entries are compressed, which torch.save does not do")
        }
        if let order = archive.entries["\(folder)byteorder"] ?? nil, !data.bytes(order).elementsEqual("little".utf8) {
            throw StateDictionaryFault("its numbers are big-endian; save it on a little-endian machine")
        }
        let prefix = "\(folder)data/"
        storages = Dictionary(
            uniqueKeysWithValues: archive.entries.compactMap { name, range in
                name.hasPrefix(prefix) ? range.map { (String(name.dropFirst(prefix.count)), $0) } : nil
            })
        (root, objects) = try data.withUnsafeBytes { bytes in
            var reader = PickleReader(UnsafeRawBufferPointer(rebasing: bytes[pickle]))
            let root = try reader.read()
            return (root, reader.objects)
        }
        self.data = data
    }

    /// The file's one state dictionary, wherever it lies in dictionaries and lists.
    ///
    /// - Throws: ``StateDictionaryFault``.
    func stateDictionary() throws -> StateDictionary {
        let found = dictionaries().filter { $0.entries.contains { isTensor($0.value) } }
        let recurrent = found.filter { $0.entries.contains { $0.name.contains("weight_hh") } }
        guard let dictionary = (recurrent.isEmpty ? found : recurrent).first else {
            throw StateDictionaryFault(
                "it holds no state dictionary; save the weights alone, with torch.save(model.state_dict(), path)")
        }
        guard recurrent.count <= 1 else {
            let names = recurrent.prefix(8).map { "'\($0.path)'" }.joined(separator: ", ")
            throw StateDictionaryFault("it holds several state dictionaries, \(names); save one alone")
        }
        var tensors: [Tensor] = []
        var others: [StateDictionary.Other] = []
        // Each of Python's keys is there once; a second one would have replaced the first.
        let entries = Dictionary(dictionary.entries.map { ($0.name, $0.value) }) { $1 }
        // Views may share a storage, as tied weights do; beyond that they would grow out of nothing.
        var room = 2 * data.count
        for (name, value) in entries.sorted(by: { $0.key < $1.key }) {
            switch value {
            case .object(let place):
                switch objects[place] {
                case .tensor(let tensor):
                    let (format, range) = try storage(of: tensor, name)
                    guard let format else {
                        others.append(.init(name: name, type: "whole numbers", shape: tensor.shape))
                        continue
                    }
                    tensors.append(try self.tensor(name, tensor, format, range, &room))
                case .other(let type):
                    throw StateDictionaryFault("its '\(name)' is made by \(type), which is not a plain tensor")
                default: others.append(.init(name: name, type: "no tensor", shape: []))
                }
            default: others.append(.init(name: name, type: "no tensor", shape: []))
            }
        }
        return try StateDictionary(tensors, others: others)
    }

    // MARK: Dictionaries

    private struct Found {
        let path: String
        let entries: [(name: String, value: PickleValue)]
    }

    /// All dictionaries with text for keys that can be reached, each once.
    private func dictionaries() -> [Found] {
        var found: [Found] = []
        var seen: Set<Int> = []
        var next: [(path: String, value: PickleValue)] = [("", root)]
        while let (path, value) = next.popLast() {
            guard case .object(let place) = value, seen.insert(place).inserted else { continue }
            switch objects[place] {
            case .list(let items), .tuple(let items): next += items.map { (path, $0) }
            case .dictionary(let pairs):
                let entries = pairs.compactMap { pair in
                    if case .string(let name) = pair.key { (name: name, value: pair.value) } else { nil }
                }
                found.append(Found(path: path, entries: entries))
                // A path says where, and only its end matters; so none grows with the depth of a file.
                next += entries.map { ($0.name, $0.value) }
            default: break
            }
        }
        return found
    }

    private func isTensor(_ value: PickleValue) -> Bool {
        if case .object(let place) = value, case .tensor = objects[place] { true } else { false }
    }

    // MARK: Numbers

    /// What the numbers are, nil when they are not real, and where they lie.
    private func storage(of tensor: PyTorchTensor, _ name: String) throws -> (NumberFormat?, Range<Int>) {
        guard case .storage(let className, let key) = objects[tensor.storage], let range = storages[key] else {
            throw StateDictionaryFault("the numbers of its '\(name)' are not in the file, or compressed")
        }
        let format: NumberFormat? =
            switch className.split(separator: ".").last {
            case "FloatStorage": .float32
            case "DoubleStorage": .float64
            case "HalfStorage": .float16
            case "BFloat16Storage": .bfloat16
            default: nil
            }
        return (format, range)
    }

    private func tensor(
        _ name: String, _ tensor: PyTorchTensor, _ format: NumberFormat, _ range: Range<Int>, _ room: inout Int
    ) throws -> Tensor {
        guard let count = tensor.count(within: range.count / format.width) else {
            throw StateDictionaryFault("its '\(name)' of the shape \(tensor.shape) lies outside its storage")
        }
        room -= count * format.width
        guard room >= 0 else { throw StateDictionaryFault("its tensors have more numbers than the file") }
        let values = try data.withUnsafeBytes { bytes in
            try tensor.places.map { place in
                guard let value = format.load(bytes, at: range.lowerBound + place * format.width) else {
                    throw StateDictionaryFault("its tensor '\(name)' has a number beyond 32 bits")
                }
                return value
            }
        }
        return Tensor(name: name, shape: tensor.shape, values: values)
    }
}

extension PyTorchTensor {
    /// How many elements there are, if each lies in a storage of `limit` and there are no more of them than it has.
    fileprivate func count(within limit: Int) -> Int? {
        guard shape.allSatisfy({ $0 > 0 }), offset >= 0, offset < limit else { return nil }
        var (count, last) = (1, offset)
        for (size, stride) in zip(shape, strides) {
            guard size <= limit / count, stride >= 0 else { return nil }
            let (distance, overflow) = (size - 1).multipliedReportingOverflow(by: stride)
            guard !overflow, distance < limit - last else { return nil }
            count *= size
            last += distance
        }
        return count
    }

    /// The places of the elements in the storage, in the order of rows.
    fileprivate var places: [Int] {
        var places = [offset]
        for (size, stride) in zip(shape, strides) where size > 1 {
            places = places.flatMap { start in (0..<size).map { start + $0 * stride } }
        }
        return places
    }
}

extension Data {
    /// Some bytes by their places from the first, wherever the data's own indices begin.
    fileprivate func bytes(_ range: Range<Int>) -> Data {
        self[startIndex + range.lowerBound..<startIndex + range.upperBound]
    }
}
