/// A size of memory as people read it: "512 bytes", "8.4 MB", "64.1 GB". A GB is 10⁹ bytes.
package func readable(bytes count: Int) -> String {
    let units = ["kB", "MB", "GB", "TB", "PB", "EB"]
    guard count >= 1000 else { return count == 1 ? "1 byte" : "\(count) bytes" }
    var (value, unit) = (Double(count) / 1000, 0)
    // What would be rounded to a thousand is one of the next.
    while value >= 999.95, unit < units.count - 1 { (value, unit) = (value / 1000, unit + 1) }
    let tenths = Int((10 * value).rounded())
    return "\(tenths / 10).\(tenths % 10) \(units[unit])"
}
