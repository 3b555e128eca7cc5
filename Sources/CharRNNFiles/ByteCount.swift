/// A size of memory, or of a file, as people read it: "512 bytes", "8.4 MB", "64.1 GB". A GB is 10⁹ bytes.
public struct ByteCount: Hashable, Sendable {
    /// The exact number.
    public let bytes: Int

    /// - Parameter bytes: what no `Int` can be counts as the largest.
    public init(_ bytes: some BinaryInteger) { self.bytes = Int(clamping: bytes) }
}

extension ByteCount: CustomStringConvertible {
    public var description: String {
        let units = ["kB", "MB", "GB", "TB", "PB", "EB"]
        guard bytes >= 1000 else { return bytes == 1 ? "1 byte" : "\(bytes) bytes" }
        var (value, unit) = (Double(bytes) / 1000, 0)
        // What would be rounded to a thousand is one of the next.
        while value >= 999.95, unit < units.count - 1 { (value, unit) = (value / 1000, unit + 1) }
        let tenths = Int((10 * value).rounded())
        return "\(tenths / 10).\(tenths % 10) \(units[unit])"
    }
}
