import FoundationEssentials

/// Makes a zip archive (PKWARE's APPNOTE 6.3) of entries that are stored as they are, below 4 GB together.
package func zipArchive(_ entries: [(name: String, contents: Data)]) -> Data {
    var archive = Data()
    var directory = Data()
    for (name, contents) in entries {
        let start = archive.count
        // Version 2.0, names in UTF-8, stored, 1 January 1980; the checksum, and the size twice.
        var fields = Data()
        for number in [20, 0x0800, 0, 0, 0x21] as [UInt16] { fields.append(number) }
        for number in [crc32(contents), UInt32(contents.count), UInt32(contents.count)] { fields.append(number) }
        fields.append(UInt16(name.utf8.count))
        fields.append(UInt16(0))
        archive.append(UInt32(0x0403_4B50))
        archive.append(fields)
        archive.append(contentsOf: name.utf8)
        archive.append(contents)

        directory.append(UInt32(0x0201_4B50))
        directory.append(UInt16(20))
        directory.append(fields)
        directory.append(Data(count: 10))  // no comment, first disk, no attributes
        directory.append(UInt32(start))
        directory.append(contentsOf: name.utf8)
    }
    let start = archive.count
    archive.append(directory)
    archive.append(UInt32(0x0605_4B50))
    archive.append(Data(count: 4))
    for _ in 0..<2 { archive.append(UInt16(entries.count)) }
    archive.append(UInt32(directory.count))
    archive.append(UInt32(start))
    archive.append(UInt16(0))
    return archive
}

extension Data {
    fileprivate mutating func append(_ number: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
    }
}

/// The cyclic redundancy check of zip (ISO 3309).
private func crc32(_ data: Data) -> UInt32 {
    ~data.withUnsafeBytes { $0.reduce(.max) { $0 >> 8 ^ crcTable[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] } }
}

/// The remainder of each byte.
private let crcTable = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { value, _ in value >> 1 ^ (value & 1 == 1 ? 0xEDB8_8320 : 0) }
}
