/// Reads a pickle of protocol 2 as `torch.save` writes them: with the operations and names that `torch.load` takes with
/// `weights_only`, and no others. Nothing is imported, called or run; an object is a record of what would be made.
///
/// Nothing calls itself, each operation makes one value at most, and each length is held against the bytes that are left.
struct PickleReader {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0
    private var stack: [PickleValue] = []
    /// Where in the stack the open marks lie.
    private var marks: [Int] = []
    private var memo: [Int: PickleValue] = [:]
    private(set) var objects: [PickleObject] = []

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// The pickled value.
    ///
    /// - Throws: ``StateDictionaryFault``.
    mutating func read() throws -> PickleValue {
        while true {
            let start = position
            let operation = try byte()
            switch UnicodeScalar(operation) {
            case ".": return try pop()
            case "\u{80}":
                guard try byte() == 2 else {
                    throw StateDictionaryFault("its pickle is not of protocol 2; save it with torch.save's default")
                }
            case "N": stack.append(.none)
            case "\u{88}": stack.append(.boolean(true))
            case "\u{89}": stack.append(.boolean(false))
            case "K": stack.append(.integer(Int(try byte())))
            case "M": stack.append(.integer(Int(try number(UInt16.self))))
            case "J": stack.append(.integer(Int(try number(Int32.self))))
            case "\u{8A}": stack.append(.integer(try longInteger()))
            case "G": stack.append(.real(Double(bitPattern: try number(UInt64.self).byteSwapped)))
            case "X": stack.append(.string(try text(Int(try number(UInt32.self)))))
            case "U": stack.append(.string(try text(Int(try byte()))))
            case "c": stack.append(.name(try PickleNames.allowed("\(try line()).\(try line())")))
            case "(": marks.append(stack.count)
            case "]", "\u{8F}": push(.list([]))
            case "}": push(.dictionary([]))
            case ")": push(.tuple([]))
            case "t": push(.tuple(try popMark()))
            case "\u{85}": push(.tuple(try pop(1)))
            case "\u{86}": push(.tuple(try pop(2)))
            case "\u{87}": push(.tuple(try pop(3)))
            case "a": try extend(with: pop(1))
            case "e": try extend(with: popMark())
            case "s": try set(pop(2))
            case "u": try set(popMark())
            case "q": memo[Int(try byte())] = try top()
            case "r": memo[Int(try number(UInt32.self))] = try top()
            case "h": try recall(Int(try byte()))
            case "j": try recall(Int(try number(UInt32.self)))
            case "Q": try storage()
            case "R", "\u{81}": try make()
            // Attributes of an object, such as the versions that a state dictionary has of its modules.
            case "b": _ = try pop()
            default:
                throw StateDictionaryFault(
                    "byte \(start) of its pickle is the operation \(operation), which torch.save does not write")
            }
        }
    }

    // MARK: Objects

    /// The items of a list or tuple; nil of anything else.
    func items(_ value: PickleValue) -> [PickleValue]? {
        guard case .object(let place) = value else { return nil }
        switch objects[place] {
        case .list(let items), .tuple(let items): return items
        default: return nil
        }
    }

    private mutating func push(_ object: PickleObject) {
        stack.append(.object(objects.count))
        objects.append(object)
    }

    private mutating func extend(with items: [PickleValue]) throws {
        guard case .object(let place) = try top(), case .list(var list) = objects[place] else {
            throw broken("a list is missing")
        }
        objects[place] = .list([])  // so that what is in it is not copied
        list += items
        objects[place] = .list(list)
    }

    private mutating func set(_ items: [PickleValue]) throws {
        guard case .object(let place) = try top(), case .dictionary(var pairs) = objects[place], items.count % 2 == 0
        else { throw broken("a dictionary is missing") }
        objects[place] = .dictionary([])
        for i in stride(from: 0, to: items.count, by: 2) { pairs.append((key: items[i], value: items[i + 1])) }
        objects[place] = .dictionary(pairs)
    }

    /// What the archive keeps outside of the pickle: ('storage', class, key, device, count).
    private mutating func storage() throws {
        guard let parts = items(try pop()), parts.count >= 3, case .string("storage") = parts[0],
            case .name(let name) = parts[1], case .string(let key) = parts[2]
        else { throw broken("a storage is missing") }
        push(.storage(className: name, key: key))
    }

    /// Calls a function or makes an object of a class: what would come of it, for those that state dictionaries have.
    private mutating func make() throws {
        let parts = try pop(2)
        guard case .name(let name) = parts[0], let arguments = items(parts[1]) else {
            throw broken("something to call is missing")
        }
        switch name {
        case "collections.OrderedDict", "collections.Counter":
            if let first = arguments.first { stack.append(first) } else { push(.dictionary([])) }
        case "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2": push(.tensor(try tensor(arguments)))
        case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state",
            "torch.nn.parameter.Parameter", "torch.Size":
            guard let first = arguments.first else { throw broken("an argument is missing") }
            stack.append(first)
        default: push(.other(name))
        }
    }

    private func tensor(_ arguments: [PickleValue]) throws -> PyTorchTensor {
        func integers(_ value: PickleValue) -> [Int]? {
            // PyTorch has 64 dimensions at most; a list that is named again and again must not be copied as often.
            guard let items = items(value), items.count <= 64 else { return nil }
            let numbers = items.compactMap { if case .integer(let number) = $0 { number } else { nil } }
            return numbers.count == items.count ? numbers : nil
        }
        guard arguments.count >= 4, case .object(let place) = arguments[0], case .storage = objects[place],
            case .integer(let offset) = arguments[1], let shape = integers(arguments[2]),
            let strides = integers(arguments[3]), shape.count == strides.count
        else { throw broken("a tensor's parts are missing") }
        return PyTorchTensor(storage: place, offset: offset, shape: shape, strides: strides)
    }

    // MARK: The stack

    private func top() throws -> PickleValue {
        guard let value = stack.last, stack.count > marks.last ?? 0 else { throw broken("a value is missing") }
        return value
    }

    private mutating func pop() throws -> PickleValue { try pop(1)[0] }

    private mutating func pop(_ count: Int) throws -> [PickleValue] {
        guard stack.count - (marks.last ?? 0) >= count else { throw broken("a value is missing") }
        defer { stack.removeLast(count) }
        return Array(stack.suffix(count))
    }

    private mutating func popMark() throws -> [PickleValue] {
        guard let mark = marks.popLast() else { throw broken("a mark is missing") }
        defer { stack.removeSubrange(mark...) }
        return Array(stack[mark...])
    }

    private mutating func recall(_ index: Int) throws {
        guard let value = memo[index] else { throw broken("nothing was remembered as \(index)") }
        stack.append(value)
    }

    // MARK: Bytes

    private mutating func byte() throws -> UInt8 { bytes[try take(1).lowerBound] }

    private mutating func number<Value: FixedWidthInteger & BitwiseCopyable>(_ type: Value.Type) throws -> Value {
        let range = try take(MemoryLayout<Value>.size)
        return Value(littleEndian: bytes.loadUnaligned(fromByteOffset: range.lowerBound, as: Value.self))
    }

    /// A whole number of any length, of which at most 8 bytes are taken.
    private mutating func longInteger() throws -> Int {
        let digits = bytes[try take(Int(try byte()))]
        guard digits.count <= 8 else { throw broken("a number has \(digits.count) bytes") }
        let sign: UInt64 = digits.last.map { $0 >= 0x80 } == true ? .max : 0
        return Int(truncatingIfNeeded: digits.reversed().reduce(sign) { $0 << 8 | UInt64($1) })
    }

    private mutating func text(_ count: Int) throws -> String {
        String(decoding: bytes[try take(count)], as: UTF8.self)
    }

    /// Up to the end of a line, which names of classes have.
    private mutating func line() throws -> String {
        guard let end = bytes[position...].firstIndex(of: 0x0A) else { throw broken("the end of a name is missing") }
        defer { position = end + 1 }
        return String(decoding: bytes[position..<end], as: UTF8.self)
    }

    private mutating func take(_ count: Int) throws -> Range<Int> {
        guard count <= bytes.count - position else { throw broken("\(count) bytes are missing") }
        defer { position += count }
        return position..<position + count
    }

    private func broken(_ reason: String) -> StateDictionaryFault {
        StateDictionaryFault("its pickle breaks off at byte \(position): \(reason)")
    }
}
