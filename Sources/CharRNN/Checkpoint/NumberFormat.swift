import FoundationEssentials

/// How a real number lies in a file, little-endian; named as safetensors does.
enum NumberFormat: String {
    case float16 = "F16"
    case bfloat16 = "BF16"
    case float32 = "F32"
    case float64 = "F64"

    /// In bytes.
    var width: Int {
        switch self {
        case .float16, .bfloat16: 2
        case .float32: 4
        case .float64: 8
        }
    }

    /// The number at a byte, rounded to 32 bits; nil when it is finite and too large for them.
    func load(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Float? {
        func bits<Bits: FixedWidthInteger & BitwiseCopyable>(_ type: Bits.Type) -> Bits {
            Bits(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Bits.self))
        }
        switch self {
        case .float16: return Float(Float16(bitPattern: bits(UInt16.self)))
        case .bfloat16: return Float(bitPattern: UInt32(bits(UInt16.self)) << 16)
        case .float32: return Float(bitPattern: bits(UInt32.self))
        case .float64:
            let value = Double(bitPattern: bits(UInt64.self))
            let rounded = Float(value)
            return rounded.isInfinite && value.isFinite ? nil : rounded
        }
    }

    /// Numbers that lie side by side; nil as in ``load(_:at:)``.
    func values(_ bytes: Data) -> [Float]? {
        if self == .float32 {  // as they lie
            return [Float](unsafeUninitializedCapacity: bytes.count / 4) { $1 = bytes.copyBytes(to: $0) / 4 }
        }
        var isTooLarge = false
        let values = bytes.withUnsafeBytes { bytes in
            [Float](unsafeUninitializedCapacity: bytes.count / width) { values, count in
                count = bytes.count / width
                for i in 0..<count {
                    let value = load(bytes, at: i * width)
                    isTooLarge = isTooLarge || value == nil
                    values.initializeElement(at: i, to: value ?? 0)
                }
            }
        }
        return isTooLarge ? nil : values
    }
}
