import CharRNNFiles

// All numbers are little-endian:
//
//     0   8 bytes   "CRNNstat"
//     8   UInt16    the version, 1
//    10   UInt16    bit 0: the fingerprint of a model stands below; bit 1: the cell carries memory
//    12   UInt32    L, the number of layers
//    16   UInt32    the numbers of a layer, B·H
//    20   UInt32    the lower half of XXH64 of everything else
//    24   UInt64    the fingerprint, or 0
//    32   Float32   hidden of each layer, then memory of each layer where there is one
private let signature = Array("CRNNstat".utf8)
private let version = 1
private let headerCount = 32
private let checksumRange = 20..<24

extension LanguageModel.State {
    /// A compact form of it: 32 bytes and four for each number, 2,080 for an LSTM of two layers of 128 units. The article
    /// <doc:ManyUsers> has the layout. All layers must be alike.
    public var bytes: [UInt8] {
        let layers = hidden + (carriesMemory ? memory : [])
        let size = hidden.first?.count ?? 0
        precondition(
            size > 0 && memory.count == hidden.count && layers.allSatisfy { $0.count == size },
            "layers of \(hidden.map(\.count)) and \(memory.map(\.count)) numbers")
        var bytes = signature
        bytes.append(littleEndian: UInt16(version))
        bytes.append(littleEndian: UInt16((modelFingerprint == nil ? 0 : 1) + (carriesMemory ? 2 : 0)))
        bytes.append(littleEndian: UInt32(hidden.count))
        bytes.append(littleEndian: UInt32(size))
        bytes.append(littleEndian: UInt32(0))
        bytes.append(littleEndian: modelFingerprint.flatMap { UInt64($0, radix: 16) } ?? 0)
        for layer in layers { for number in layer { bytes.append(littleEndian: number.bitPattern) } }
        var sum: [UInt8] = []
        sum.append(littleEndian: checksum(of: bytes))
        bytes.replaceSubrange(checksumRange, with: sum)
        return bytes
    }

    /// From what ``bytes`` gave. Whether a model can take it is seen when it is given one.
    ///
    /// - Throws: ``StateError`` for anything else.
    public init(bytes: some Collection<UInt8>) throws(StateError) {
        let bytes = Array(bytes)
        guard bytes.starts(with: signature) else { throw .noState }
        guard bytes.count >= headerCount else { throw .length(found: bytes.count, expected: nil) }
        let found = Int(bytes.number(at: 8, as: UInt16.self))
        guard found == version else { throw .version(found: found, readable: version) }
        let flags = bytes.number(at: 10, as: UInt16.self)
        let layerCount = Int(bytes.number(at: 12, as: UInt32.self))
        let size = Int(bytes.number(at: 16, as: UInt32.self))
        let carriesMemory = flags & 2 != 0
        // Below 2⁶⁷ as a number, which an Int may not hold.
        let expected = 4 * Double(layerCount) * Double(size) * (carriesMemory ? 2 : 1) + Double(headerCount)
        guard layerCount > 0, size > 0, flags < 4, expected < 0x1p62 else { throw .damaged }
        guard bytes.count == Int(expected) else { throw .length(found: bytes.count, expected: Int(expected)) }
        guard checksum(of: bytes) == bytes.number(at: checksumRange.lowerBound, as: UInt32.self) else { throw .damaged }
        func layers(from first: Int) -> [[Float]] {
            (first..<first + layerCount).map { layer in
                (0..<size).map { index in
                    let place = headerCount + 4 * (layer * size + index)
                    return Float(bitPattern: bytes.number(at: place, as: UInt32.self))
                }
            }
        }
        self.init(
            hidden: layers(from: 0),
            memory: carriesMemory ? layers(from: layerCount) : Array(repeating: [], count: layerCount))
        if flags & 1 != 0 { modelFingerprint = String(bytes.number(at: 24, as: UInt64.self), radix: 16) }
    }

    private var carriesMemory: Bool { memory.contains { !$0.isEmpty } }
}

/// Of a state's bytes but the checksum itself.
private func checksum(of bytes: [UInt8]) -> UInt32 {
    var hash = ContentHash()
    bytes.withUnsafeBytes { bytes in
        hash.update(UnsafeRawBufferPointer(rebasing: bytes[..<checksumRange.lowerBound]))
        hash.update(UnsafeRawBufferPointer(rebasing: bytes[checksumRange.upperBound...]))
    }
    return UInt32(truncatingIfNeeded: hash.value)
}

extension [UInt8] {
    fileprivate mutating func append(littleEndian number: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
    }

    fileprivate func number<Number: FixedWidthInteger>(at place: Int, as type: Number.Type) -> Number {
        Number(littleEndian: withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: type) })
    }
}
