import CharRNN
import Foundation
import Synchronization
import TestSupport
import Testing

/// What the command shows on a terminal.
@Suite struct TerminalTests {
    /// A program whose standard error is a terminal of so many columns.
    private final class Terminal: @unchecked Sendable {
        let process = Process()
        private let main: Int32
        private let bytes = Mutex<[UInt8]>([])
        private let isAtEnd = DispatchSemaphore(value: 0)

        init(
            _ arguments: [String], in place: Workplace, columns: UInt16,
            environment: [String: String] = ["TERM": "xterm"]
        ) throws {
            var (ours, end): (Int32, Int32) = (-1, -1)
            try #require(openpty(&ours, &end, nil, nil, nil) == 0)
            for descriptor in [ours, end] { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
            main = ours
            resize(to: columns)
            process.executableURL = CommandLineTool.charRNN.executable
            process.arguments = arguments
            process.currentDirectoryURL = place.folder
            process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle(fileDescriptor: end, closeOnDealloc: false)
            try process.run()
            close(end)
            Thread { [self] in
                var part = [UInt8](repeating: 0, count: 4096)
                while true {
                    let count = read(main, &part, part.count)
                    guard count > 0 else { break }  // an error, when the other end is closed
                    bytes.withLock { $0 += part.prefix(count) }
                }
                isAtEnd.signal()
            }.start()
        }

        deinit { close(main) }

        func resize(to columns: UInt16) {
            var size = winsize(ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
            _ = ioctl(main, UInt(TIOCSWINSZ), &size)
        }

        /// What was written so far; the terminal puts a return before each line feed.
        var text: String {
            bytes.withLock { String(decoding: $0, as: UTF8.self) }.replacingOccurrences(of: "\r\n", with: "\n")
        }

        func waitFor(_ words: String) {
            while process.isRunning, !text.contains(words) { usleep(2000) }
        }

        /// All text, when the program has ended.
        func wait() -> String {
            process.waitUntilExit()
            isAtEnd.wait()
            return text
        }
    }

    private func train(_ options: [String]) -> [String] {
        ["train", "-data_dir", "data/some_folder"] + Workplace.smallSizes + options
    }

    /// What stood on a line, one after the other.
    private func drawn(_ text: String) -> [String] {
        text.split(whereSeparator: { $0 == "\r" || $0 == "\n" }).map {
            $0.replacingOccurrences(of: "\u{1B}[K", with: "")
        }.filter { $0.prefixMatch(of: #/ *\S+ +\d+%/#) != nil }
    }

    @Test(arguments: [80, 40, 132] as [UInt16])
    func theProgressIsALineThatFits(_ columns: UInt16) throws {
        try Workplace.inNewFolder { place in
            let terminal = try Terminal(
                train(["-max_epochs", "40", "--eval-every", "500"]), in: place, columns: columns,
                environment: ["TERM": "xterm", "NO_COLOR": "1"])
            let text = terminal.wait()
            #expect(terminal.process.terminationStatus == 0, "\(text)")
            let lines = drawn(text)
            #expect(lines.count >= 5)
            #expect(lines.allSatisfy { $0.count < Int(columns) }, "\(lines)")
            // The last step stands there to the end, and what is told later is below it.
            let last = try #require(lines.last)
            #expect(last.hasPrefix("2280/2280 100%") && last.contains("loss "), "\(last)")
            if columns >= 80 { #expect(last.contains(" left")) }
            #expect(text.contains("2280/2280 100% ") && !text.contains("train_loss"))
            for note in ["validation loss ", "saved cv/", "let it write with: "] {
                #expect(text.contains("\n\(note)"), "\(note)")
            }
            #expect(!text.replacingOccurrences(of: "\u{1B}[K", with: "").contains("\u{1B}"), "no colours")
            // In place: far fewer lines than steps that were told.
            #expect(text.split(separator: "\n").count < 200)
        }
    }

    @Test func aTerminalThatBecomesNarrowerGluesNothing() throws {
        try Workplace.inNewFolder { place in
            let terminal = try Terminal(
                train(["-max_epochs", "1000000", "--eval-every", "1000000"]), in: place, columns: 100)
            terminal.waitFor("%")
            terminal.resize(to: 50)
            let before = terminal.text.count
            while terminal.process.isRunning, drawn(String(terminal.text.dropFirst(before))).count < 6 { usleep(2000) }
            terminal.process.interrupt()
            let text = terminal.wait()
            // The first may have been on its way when the terminal changed.
            let lines = drawn(String(text.dropFirst(before))).dropFirst(2)
            #expect(lines.count >= 3 && lines.allSatisfy { $0.count < 50 }, "\(lines)")
            #expect(text.contains("\nSIGINT: stopping"))
        }
    }

    @Test(arguments: ["dumb", ""])
    func aTerminalThatCannotReplaceLinesGetsPlainOnes(_ name: String) throws {
        try Workplace.inNewFolder { place in
            let text = try Terminal(
                train(["--max-iterations", "5"]), in: place, columns: 80, environment: ["TERM": name]
            ).wait()
            #expect(text.split(separator: "\n").count { $0.contains("train_loss = ") } == 5)
            #expect(!text.contains("\r") && !text.contains("\u{1B}"))
        }
    }

    @Test func aLongValidationShowsHowFarItIs() throws {
        try Workplace.inNewFolder(text: SmallText.rhythm(1_000_000)) { place in
            let terminal = try Terminal(
                [
                    "train", "--data-dir", "data/some_folder", "--hidden-size", "128", "--layers", "1", "--batch-size",
                    "2", "--sequence-length", "5", "--train-fraction", "0.1", "--validation-fraction", "0.9",
                    "--eval-every", "1",
                ], in: place, columns: 80)
            terminal.waitFor("validating ")
            terminal.process.interrupt()
            let text = terminal.wait()
            let lines = drawn(text).filter { $0.hasPrefix("validating ") }
            #expect(!lines.isEmpty && lines.allSatisfy { $0.hasSuffix(" left") && $0.count < 80 }, "\(lines)")
            #expect(drawn(text).contains { $0.contains(" 1/") }, "the step stays above it")
        }
    }

    @Test func aLongScoreShowsHowFarItIs() throws {
        try Workplace.inNewFolder { place in
            let checkpoint = try place.train(["-rnn_size", "256", "--max-iterations", "1"])
            try place.write(SmallText.rhythm(3_000_000), to: "long")
            let terminal = try Terminal(["score", checkpoint, "long"], in: place, columns: 80)
            terminal.waitFor("scoring ")
            terminal.process.terminate()
            #expect(drawn(terminal.wait()).contains { $0.hasPrefix("scoring ") && $0.hasSuffix(" left") })
        }
    }
}
