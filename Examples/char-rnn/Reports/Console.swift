import Glibc
import Synchronization

/// Standard output carries generated text and nothing else; whatever the program says goes to standard error.
enum Console {
    static let isTerminal = isatty(STDERR_FILENO) == 1

    /// One line to standard error, below a progress line.
    static func note(_ line: String) {
        isInProgress.withLock { isInProgress in
            write((isInProgress ? "\n" : "") + printable(line: line) + "\n", to: STDERR_FILENO)
            isInProgress = false
        }
    }

    /// A line that the next one replaces on a terminal wide enough for it, and a plain line elsewhere.
    static func progress(_ line: String) {
        isInProgress.withLock { isInProgress in
            isInProgress = line.count < terminalWidth
            write(isInProgress ? "\r\(line)\u{1B}[K" : line + "\n", to: STDERR_FILENO)
        }
    }

    // Whether the cursor stands in a progress line. Signals are acknowledged from a thread of their own.
    private static let isInProgress = Mutex(false)

    /// The columns of the terminal, 0 when standard error is none.
    private static var terminalWidth: Int {
        var size = winsize()
        return isTerminal && ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 ? Int(size.ws_col) : 0
    }

    /// The size of the terminal that standard output is; nil when it goes elsewhere.
    static var outputSize: (columns: Int, rows: Int)? {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Generated text, at once.
    static func output(_ bytes: some Collection<UInt8>) { write(Array(bytes), to: STDOUT_FILENO) }

    private static func write(_ text: String, to descriptor: Int32) { write(Array(text.utf8), to: descriptor) }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written > 0 {
                rest = rest.dropFirst(written)
            } else if errno != EINTR {
                // Nobody reads any more, or the disk is full. Text that is lost ends the program; what it says does not,
                // for a training is worth more than its messages.
                if descriptor == STDOUT_FILENO { Glibc.exit(1) }
                return
            }
        }
    }

    /// `text` broken at spaces into lines of at most 100 columns.
    static func wrapped(_ text: String, indent: String) -> [String] {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, last.count + 1 + word.count <= 100 {
                lines[lines.count - 1] += " \(word)"
            } else {
                lines.append(indent + word)
            }
        }
        return lines
    }

    /// 1234567 as "1,234,567".
    static func grouped(_ number: Int) -> String {
        var digits = String(number.magnitude)
        var groups: [Substring] = []
        while digits.count > 3 {
            groups.insert(digits.suffix(3), at: 0)
            digits = String(digits.dropLast(3))
        }
        return (number < 0 ? "-" : "") + ([digits[...]] + groups).joined(separator: ",")
    }
}
