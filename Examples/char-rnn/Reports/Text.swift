import CharRNN
import FoundationEssentials
import Glibc

/// `value` with a fixed number of decimals, as C's %.nf.
func fixed(_ value: Double, _ decimals: Int) -> String { formatted("%.\(decimals)f", value) }

/// `value` as C's %.ne.
func scientific(_ value: Double, _ decimals: Int) -> String { formatted("%.\(decimals)e", value) }

/// `value` as C's %.ng: so many digits, without the noise behind those of a Float.
func significant(_ value: Double, _ digits: Int) -> String { formatted("%.\(digits)g", value) }

private func formatted(_ pattern: String, _ value: Double) -> String {
    withVaList([value]) { arguments in
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 400) { text in
            _ = vsnprintf(text.baseAddress!, text.count, pattern, arguments)
            return String(cString: text.baseAddress!)
        }
    }
}

/// "12 s", "3 min 20 s", "2 h 5 min".
func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e9 else { return "unknown time" }
    let whole = Int(seconds.rounded())
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
    return "\(whole / 3600) h \(whole % 3600 / 60) min"
}

extension Unicode.Scalar {
    /// Whether it may stand in a message as it is. Others break the line, command the terminal, join what stands before
    /// them, or show as nothing.
    var isShown: Bool {
        switch properties.generalCategory {
        case .control, .format, .nonspacingMark, .enclosingMark, .privateUse, .unassigned, .lineSeparator,
            .paragraphSeparator:
            false
        default: true
        }
    }
}

/// A line with what should not be shown escaped.
func printable(line: String) -> String {
    line.unicodeScalars.map { $0.isShown || $0 == "\t" ? String($0) : FileName.escaped($0) }.joined()
}

/// The same of several lines.
func printable(_ lines: String) -> String {
    lines.split(separator: "\n", omittingEmptySubsequences: false).map { printable(line: String($0)) }
        .joined(separator: "\n")
}

/// `text` of a stranger, such as a name in a file, on one line; what is beyond 1000 characters is left out.
func onOneLine(_ text: String) -> String {
    let start = text.unicodeScalars.prefix(1000).map { $0.isShown ? String($0) : FileName.escaped($0) }.joined()
    return text.unicodeScalars.dropFirst(1000).isEmpty ? start : start + "..."
}
