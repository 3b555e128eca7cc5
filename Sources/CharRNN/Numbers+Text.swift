import Glibc

/// `value` with a fixed number of decimals, as C's %.nf.
package func fixed(_ value: Double, _ decimals: Int) -> String { formatted("%.\(decimals)f", value) }

/// `value` as C's %.ne.
package func scientific(_ value: Double, _ decimals: Int) -> String { formatted("%.\(decimals)e", value) }

private func formatted(_ pattern: String, _ value: Double) -> String {
    withVaList([value]) { arguments in
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 400) { text in
            _ = vsnprintf(text.baseAddress!, text.count, pattern, arguments)
            return String(cString: text.baseAddress!)
        }
    }
}
