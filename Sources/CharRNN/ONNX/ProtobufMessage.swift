import FoundationEssentials

/// A message in the wire format of Protocol Buffers (https://protobuf.dev/programming-guides/encoding), field by field:
/// what ONNX files and TensorBoard's events are made of. A field is its number with its kind, then the value; whole numbers are varints.
struct ProtobufMessage {
    private(set) var bytes = Data()

    private enum Wire: UInt64 {
        case varint = 0
        case fixed64 = 1
        case delimited = 2
        case fixed32 = 5
    }

    mutating func add(_ field: UInt64, _ value: Int) {
        key(field, .varint)
        varint(UInt64(bitPattern: Int64(value)))
    }

    mutating func add(_ field: UInt64, _ value: Double) {
        key(field, .fixed64)
        withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func add(_ field: UInt64, _ value: Float) {
        key(field, .fixed32)
        withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func add(_ field: UInt64, _ text: String) { add(field, Data(text.utf8)) }

    mutating func add(_ field: UInt64, _ message: ProtobufMessage) { add(field, message.bytes) }

    mutating func add(_ field: UInt64, _ data: Data) {
        key(field, .delimited)
        varint(UInt64(data.count))
        bytes.append(data)
    }

    /// The fields of another message, after those that are here.
    mutating func append(_ message: ProtobufMessage) { bytes.append(message.bytes) }

    private mutating func key(_ field: UInt64, _ wire: Wire) { varint(field << 3 | wire.rawValue) }

    /// Seven bits a byte, the lowest first; the top bit says that more follow.
    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
