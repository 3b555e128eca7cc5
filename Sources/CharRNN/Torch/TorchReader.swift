/// Reads Torch's binary serialisation, as 64-bit little-endian machines write it.
///
/// An object is its kind (an int) and what follows from that. Tables and instances have an index, and a second
/// occurrence is the index alone. Objects lie in one another, thousands deep in the graph of a network, so those that
/// are not complete yet stand in a list, and nothing calls itself. Every length is held against the bytes that are
/// left before it is used.
struct TorchReader {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0
    /// The place of each index that the file has named.
    private var places: [Int32: Int] = [:]
    private var objects: [TorchObject] = []
    private var open: [Incomplete] = []

    /// An object whose parts are still to come.
    private struct Incomplete {
        enum Kind {
            case table, function
            case instance(String)
            case tensor(TorchTensor)
        }

        let kind: Kind
        let place: Int
        var missing: Int
        var parts: [TorchValue] = []
    }

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// The object at the beginning of the file, and all that it refers to.
    ///
    /// - Throws: ``TorchFault``.
    mutating func read() throws -> (root: TorchValue, objects: [TorchObject]) {
        while true {
            guard var value = try begin() else { continue }
            repeat {
                guard !open.isEmpty else { return (value, objects) }
                open[open.count - 1].parts.append(value)
                open[open.count - 1].missing -= 1
                guard open[open.count - 1].missing == 0 else { break }
                value = finish(open.removeLast())
            } while true
        }
    }

    // MARK: Objects

    /// Reads up to an object's parts: the object, or nil when its parts come next.
    private mutating func begin() throws -> TorchValue? {
        let start = position
        switch try int() {
        case 0: return TorchValue.nothing
        case 1: return .number(try scalar(UInt64.self).asDouble)
        case 2: return .string(try take(Int(try int()), "a string"))
        case 5: return .boolean(try int() != 0)
        case 3:
            let (place, isNew) = try reference()
            guard isNew else { return .object(place) }
            let count = Int(try int())
            // A pair is two kinds at the least.
            guard count >= 0, count <= (bytes.count - position) / 8 else { throw tooLong("a table of \(count)") }
            return incomplete(.table, place, parts: 2 * count)
        case 4:
            let (place, isNew) = try reference()
            return isNew ? try beginInstance(place) : .object(place)
        case 6:
            _ = try take(Int(try int()), "a function")
            objects.append(.function)
            return incomplete(.function, objects.count - 1, parts: 1)
        case 7, 8:
            let (place, isNew) = try reference()
            guard isNew else { return .object(place) }
            _ = try take(Int(try int()), "a function")
            return incomplete(.function, place, parts: 1)
        case let kind:
            throw TorchFault.malformed("byte \(start) should begin an object, but its kind \(kind) is unknown")
        }
    }

    private mutating func beginInstance(_ place: Int) throws -> TorchValue? {
        var name = try text()
        // Files from before there were versions have the name at once.
        if name.hasPrefix("V ") { name = try text() }
        guard name.hasPrefix("torch.") else { return incomplete(.instance(name), place, parts: 1) }
        if name.hasSuffix("Tensor") {
            let dimensions = Int(try int())
            guard dimensions >= 0, dimensions <= (bytes.count - position) / 16 else {
                throw tooLong("a tensor of \(dimensions) dimensions")
            }
            let sizes = try (0..<dimensions).map { _ in Int(try scalar(Int64.self)) }
            let strides = try (0..<dimensions).map { _ in Int(try scalar(Int64.self)) }
            let first = Int(try scalar(Int64.self))
            let tensor = TorchTensor(className: name, sizes: sizes, strides: strides, first: first)
            return incomplete(.tensor(tensor), place, parts: 1)
        }
        guard name.hasSuffix("Storage"), let element = TorchElement(storage: name) else {
            throw TorchFault.malformed("byte \(position) begins a \(name), which is unknown here")
        }
        let (size, overflow) = Int(try scalar(Int64.self)).multipliedReportingOverflow(by: element.width)
        let range = try take(overflow ? -1 : size, "a \(name)")
        objects[place] = .storage(TorchStorage(element: element, range: range))
        return .object(place)
    }

    private mutating func incomplete(_ kind: Incomplete.Kind, _ place: Int, parts: Int) -> TorchValue? {
        let object = Incomplete(kind: kind, place: place, missing: parts)
        if parts == 0 { return finish(object) }
        open.append(object)
        return nil
    }

    private mutating func finish(_ object: Incomplete) -> TorchValue {
        let parts = object.parts
        objects[object.place] =
            switch object.kind {
            case .table: .table(TorchTable(parts, in: bytes))
            case .function: .function
            case .instance(let name): .instance(className: name, fields: parts[0])
            case .tensor(let tensor): .tensor(tensor.lying(in: parts[0]))
            }
        return .object(object.place)
    }

    /// The place of the index that comes next, and whether its object follows.
    private mutating func reference() throws -> (place: Int, isNew: Bool) {
        let index = try int()
        if let place = places[index] { return (place, false) }
        places[index] = objects.count
        objects.append(.table(TorchTable(in: bytes)))
        return (objects.count - 1, true)
    }

    // MARK: Bytes

    private mutating func int() throws -> Int32 { try scalar(Int32.self) }

    private mutating func scalar<Value: FixedWidthInteger & BitwiseCopyable>(_ type: Value.Type) throws -> Value {
        let range = try take(MemoryLayout<Value>.size, "a number")
        return Value(littleEndian: bytes.loadUnaligned(fromByteOffset: range.lowerBound, as: Value.self))
    }

    private mutating func text() throws -> String {
        String(decoding: bytes[try take(Int(try int()), "a name")], as: UTF8.self)
    }

    private mutating func take(_ count: Int, _ what: String) throws -> Range<Int> {
        guard count >= 0, count <= bytes.count - position else { throw tooLong("\(what) of \(count) bytes") }
        defer { position += count }
        return position..<position + count
    }

    private func tooLong(_ what: String) -> TorchFault {
        .malformed("\(what) at byte \(position) does not fit in its \(bytes.count) bytes")
    }
}

extension UInt64 {
    fileprivate var asDouble: Double { Double(bitPattern: self) }
}
