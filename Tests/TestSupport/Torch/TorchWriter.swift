/// What Torch's serialisation can say, for files that tests make.
package indirect enum TorchDatum {
    case nothing
    case number(Double)
    case flag(Bool)
    case bytes([UInt8])
    case table([(TorchDatum, TorchDatum)])
    case instance(String, [(String, TorchDatum)])
    case tensor(String, sizes: [Int], strides: [Int], first: Int, storage: TorchDatum)
    case storage(String, [Double])
    /// Bytecode and what it closes over.
    case function([UInt8], TorchDatum)
    /// The same object wherever it occurs, also in itself.
    case shared(TorchShared)

    package static func text(_ text: String) -> TorchDatum { .bytes(Array(text.utf8)) }

    package static func fields(_ fields: [(String, TorchDatum)]) -> TorchDatum {
        .table(fields.map { (.text($0.0), $0.1) })
    }

    package static func list(_ elements: [TorchDatum]) -> TorchDatum {
        .table(elements.enumerated().map { (.number(Double($0.offset + 1)), $0.element) })
    }
}

/// An object with an identity.
package final class TorchShared {
    package var datum = TorchDatum.nothing
    package init(_ datum: TorchDatum = .nothing) { self.datum = datum }
}

/// Writes Torch's binary serialisation by the format's description, apart from the code under test.
package struct TorchWriter {
    package private(set) var bytes: [UInt8] = []
    private let hasVersions: Bool
    private var lastIndex: Int32 = 0
    private var indices: [ObjectIdentifier: Int32] = [:]

    /// - Parameter hasVersions: whether classes have "V 1" before their name; old files have not.
    package static func bytes(_ root: TorchDatum, hasVersions: Bool = true) -> [UInt8] {
        var writer = TorchWriter(hasVersions: hasVersions)
        writer.write(root)
        return writer.bytes
    }

    private init(hasVersions: Bool) { self.hasVersions = hasVersions }

    private mutating func write(_ datum: TorchDatum, index: Int32? = nil) {
        func newIndex() -> Int32 {
            if let index { return index }
            lastIndex += 1
            return lastIndex
        }
        switch datum {
        case .nothing: append(Int32(0))
        case .number(let number):
            append(Int32(1))
            append(number.bitPattern)
        case .bytes(let text):
            append(Int32(2))
            append(text)
        case .flag(let flag):
            append(Int32(5))
            append(Int32(flag ? 1 : 0))
        case .table(let pairs):
            append(Int32(3))
            append(newIndex())
            append(Int32(pairs.count))
            for (key, value) in pairs {
                write(key)
                write(value)
            }
        case .instance(let name, let fields):
            begin(name, newIndex())
            write(.fields(fields))
        case .tensor(let name, let sizes, let strides, let first, let storage):
            begin(name, newIndex())
            append(Int32(sizes.count))
            for number in sizes + strides + [first] { append(Int64(number)) }
            write(storage)
        case .storage(let name, let numbers):
            begin(name, newIndex())
            append(Int64(numbers.count))
            for number in numbers {
                name == "torch.DoubleStorage" ? append(number.bitPattern) : append(Float(number).bitPattern)
            }
        case .function(let code, let values):
            append(Int32(8))
            append(newIndex())
            append(code)
            write(values)
        case .shared(let object):
            if let index = indices[ObjectIdentifier(object)] {
                let kind: Int32 = if case .table = object.datum { 3 } else { 4 }
                append(kind)
                append(index)
            } else {
                let index = newIndex()
                indices[ObjectIdentifier(object)] = index
                write(object.datum, index: index)
            }
        }
    }

    private mutating func begin(_ name: String, _ index: Int32) {
        append(Int32(4))
        append(index)
        if hasVersions { append(Array("V 1".utf8)) }
        append(Array(name.utf8))
    }

    private mutating func append(_ text: [UInt8]) {
        append(Int32(text.count))
        bytes += text
    }

    private mutating func append(_ number: some FixedWidthInteger) {
        withUnsafeBytes(of: number.littleEndian) { bytes += $0 }
    }
}
