import Glibc
import Synchronization

/// Standard output carries generated text and nothing else; whatever the program says goes to standard error.
enum Console {
    /// Whether standard error is a terminal on which a line can be replaced.
    static let replacesLines =
        isatty(STDERR_FILENO) == 1 && getenv("TERM").map { !["", "dumb"].contains(String(cString: $0)) } ?? false

    /// Whether nothing is said, since another process says it.
    static var isMuted: Bool {
        get { muted.load(ordering: .relaxed) }
        set { muted.store(newValue, ordering: .relaxed) }
    }
    private static let muted = Atomic(false)

    /// One line to standard error, below the status.
    static func note(_ line: String) {
        current.withLock { status in
            write((status.leave() ?? "") + printable(line: line) + "\n", to: STDERR_FILENO)
        }
    }

    /// The same, also where nothing else is said.
    static func insist(_ line: String) {
        current.withLock { status in
            let end = isMuted ? "" : status.leave() ?? ""
            write(Array((end + printable(line: line) + "\n").utf8), to: STDERR_FILENO)
        }
    }

    /// A line that the next one replaces, where ``replacesLines`` is true. It is drawn ten times a second at most, and at
    /// last.
    static func status(_ line: ProgressLine) {
        current.withLock { status in
            status.waiting = line
            guard status.drawn.map({ $0.duration(to: .now) >= .milliseconds(100) }) ?? true else { return }
            write(status.draw(), to: STDERR_FILENO)
        }
    }

    /// A status, and where there is none a line.
    static func progress(_ status: @autoclosure () -> ProgressLine, plainly line: @autoclosure () -> String) {
        if replacesLines { self.status(status()) } else { note(line()) }
    }

    /// Leaves the status where it stands; the next one begins a line.
    static func keepStatus() {
        current.withLock { status in
            if let text = status.leave() { write(text, to: STDERR_FILENO) }
        }
    }

    /// Takes the status away.
    static func eraseStatus() {
        current.withLock { status in
            if status.drawn != nil { write("\r\u{1B}[K", to: STDERR_FILENO) }
            status = Status()
        }
    }

    /// The line in which the cursor stands.
    private struct Status {
        /// When it was drawn; nil when the cursor begins a line.
        var drawn: ContinuousClock.Instant?
        /// What is not drawn yet.
        var waiting: ProgressLine?

        /// What puts the waiting line in the place of the one before it.
        mutating func draw() -> String {
            defer {
                drawn = .now
                waiting = nil
            }
            // A line that fills the last column is two lines to some terminals.
            return waiting.map { "\r\($0.text(width: columns - 1))\u{1B}[K" } ?? ""
        }

        /// What ends the line; nil when there is none.
        mutating func leave() -> String? {
            defer { self = Status() }
            return waiting == nil && drawn == nil ? nil : draw() + "\n"
        }
    }

    // Signals are acknowledged from a thread of their own.
    private static let current = Mutex(Status())

    /// The columns of the terminal now; it may be made wider or narrower at any time.
    private static var columns: Int {
        var size = winsize()
        return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
    }

    /// The size of the terminal that standard output is; nil when it goes elsewhere.
    static var outputSize: (columns: Int, rows: Int)? {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Generated text, at once.
    static func output(_ bytes: some Collection<UInt8>) { write(Array(bytes), to: STDOUT_FILENO) }

    private static func write(_ text: String, to descriptor: Int32) {
        if !isMuted || descriptor != STDERR_FILENO { write(Array(text.utf8), to: descriptor) }
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            guard descriptor != STDERR_FILENO || hasReader() else { return }
            let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written > 0 {
                rest = rest.dropFirst(written)
            } else if errno != EINTR {
                // Nobody reads any more, or the disk is full. Text that is lost ends the program; what it says does not,
                // for a training is worth more than its messages.
                guard descriptor == STDOUT_FILENO else { return }
                if errno != EPIPE { note("char-rnn: cannot write the output: \(String(cString: strerror(errno)))") }
                Glibc.exit(1)
            }
        }
    }

    /// Whether somebody takes what standard error is given. A terminal that is stopped, and a pipe whose reader does something
    /// else, would hold the training: they are waited for once, for a second at most, and then left out until they go on. Nor
    /// are they waited for when a signal has come: Open MPI's `mpirun` reads no more when it ends, and who waits cannot save.
    private static func hasReader() -> Bool {
        var request = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
        let (tries, milliseconds): (Int, Int32) = isStalled.load(ordering: .relaxed) ? (1, 0) : (50, 20)
        for _ in 0..<tries {
            if poll(&request, 1, milliseconds) > 0 {
                isStalled.store(false, ordering: .relaxed)
                return true
            }
            if Interruption.received != nil { break }
        }
        isStalled.store(true, ordering: .relaxed)
        return false
    }
    private static let isStalled = Atomic(false)

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
}
