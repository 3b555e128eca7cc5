import Foundation
import Testing

/// Programs in Python, which look at what the library has written.
enum Python {
    /// The Python of CHARRNN_PYTHON, else python3, if it has these modules.
    static func importing(_ modules: String) -> String? {
        let name = ProcessInfo.processInfo.environment["CHARRNN_PYTHON"] ?? "python3"
        return runs(name, "import \(modules)") ? name : nil
    }

    /// Whether a Python of that name runs a program to its end.
    static func runs(_ name: String, _ program: String) -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [name, "-c", program]
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }

    /// Runs one in `folder`; its output.
    static func run(_ name: String, _ arguments: [String], in folder: URL) throws -> String {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [name] + arguments
        process.currentDirectoryURL = folder
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return String(decoding: data, as: UTF8.self)
    }
}
