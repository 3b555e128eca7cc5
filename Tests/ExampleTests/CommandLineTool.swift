import Foundation
import TestSupport
import Testing

/// A program that is run as a user runs it.
struct CommandLineTool {
    let executable: URL
    /// What stands before the arguments.
    var prefix: [String] = []

    struct Outcome {
        let status: Int32
        let output: Data
        let errors: String

        var text: String { String(decoding: output, as: UTF8.self) }
        var errorLines: [String] { errors.split(separator: "\n").map(String.init) }
    }

    /// `char-rnn`, which is built beside the tests.
    static let charRNN = CommandLineTool(
        executable: URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appendingPathComponent("char-rnn"))

    /// The program run by a user whom permissions bind, as they do not root; a copy in `folder`, for the user may not
    /// be let in where it was built.
    func asOrdinaryUser(in folder: URL) throws -> CommandLineTool {
        guard geteuid() == 0 else { return self }
        let copy = folder.appendingPathComponent(executable.lastPathComponent)
        try FileManager.default.copyItem(at: executable, to: copy)
        return CommandLineTool(
            executable: URL(fileURLWithPath: "/usr/bin/setpriv"),
            prefix: ["--reuid=65534", "--regid=65534", "--clear-groups", copy.path])
    }

    /// Runs the program to its end, with `environment` added to ours.
    func run(
        _ arguments: [String], in folder: URL, input: String = "", environment: [String: String] = [:]
    ) throws -> Outcome {
        try start(arguments, in: folder, input: input, environment: environment).wait()
    }

    func start(
        _ arguments: [String], in folder: URL, input: String = "", environment: [String: String] = [:]
    ) throws -> Running {
        let files = folder.appendingPathComponent(".streams-\(UUID())")
        try FileManager.default.createDirectory(at: files, withIntermediateDirectories: false)
        let running = Running(process: Process(), files: files)
        try Data(input.utf8).write(to: running.input)
        for file in [running.output, running.errors] { try Data().write(to: file) }
        running.process.executableURL = executable
        running.process.arguments = prefix + arguments
        running.process.currentDirectoryURL = folder
        if !environment.isEmpty {
            running.process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        }
        // Files and not pipes: a pipe that nobody empties stops the program.
        running.process.standardInput = try FileHandle(forReadingFrom: running.input)
        running.process.standardOutput = try FileHandle(forWritingTo: running.output)
        running.process.standardError = try FileHandle(forWritingTo: running.errors)
        try withPlainSignals { try running.process.run() }
        return running
    }

    /// A child inherits the signals that its parent's thread blocks, as the threads of tasks do most of them, and those that
    /// its parent ignores, as a script's job in the background does SIGINT, and what nohup starts SIGHUP.
    private func withPlainSignals(_ body: () throws -> Void) rethrows {
        var none = sigset_t()
        var previous = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &previous)
        for number in [SIGINT, SIGQUIT, SIGHUP] { signal(number, SIG_DFL) }
        defer { pthread_sigmask(SIG_SETMASK, &previous, nil) }
        try body()
    }

    struct Running {
        let process: Process
        let files: URL
        var input: URL { files.appendingPathComponent("input") }
        var output: URL { files.appendingPathComponent("output") }
        var errors: URL { files.appendingPathComponent("errors") }

        /// Waits until standard error has these words, however long that takes; a program that ends by itself ends this.
        func waitFor(_ words: String) throws {
            while process.isRunning, !(try String(contentsOf: errors, encoding: .utf8)).contains(words) {
                usleep(5_000)
            }
        }

        func wait() throws -> Outcome {
            process.waitUntilExit()
            defer { try? FileManager.default.removeItem(at: files) }
            // As a shell counts: a signal is 128 and its number.
            let signal: Int32 = process.terminationReason == .uncaughtSignal ? 128 : 0
            return Outcome(
                status: signal + process.terminationStatus, output: try Data(contentsOf: output),
                errors: String(decoding: try Data(contentsOf: errors), as: UTF8.self))
        }
    }
}
