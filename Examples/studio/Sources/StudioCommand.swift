import ArgumentParser
import CharRNN
import Glibc
import NIOCore

@main
struct StudioCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "char-rnn-studio",
        abstract: "Show the runs of a folder in the browser while they train, and let their models write.",
        discussion: """
            Open the address that it prints. The page shows the runs that 'char-rnn train' has in the folder and in the \
            folders within it, has a playground for their models, and explains what a model makes of a text. Programs get \
            the same as JSON; /openapi.json describes it.
              char-rnn-studio cv
              curl -d '{"model": "lm_lstm_epoch5.00_1.5369.safetensors", "prompt": "ROMEO:", "length": 200}' \\
                -H 'Content-Type: application/json' http://127.0.0.1:8080/generate

            Only this computer reaches it, unless --host says otherwise. It reads the folder, and writes nothing.
            """)

    @Argument(help: "The folder with the runs and the models.", completion: .directory)
    var folder = "cv"
    @Option(help: "The address to listen on. With 0.0.0.0 everybody who reaches this computer may use it.")
    var host = "127.0.0.1"
    @Option(help: "The port to listen on; 0 takes a free one.")
    var port = 8080
    @Option(help: "Compute on this device: cpu, opencl, or opencl:0 and so on, as 'char-rnn devices' lists them.")
    var device = "cpu"
    @Option(help: "How many requests may be worked on at once; others are told to come back.")
    var maxClients = Limits().clients
    @Option(help: "How many characters a text may have.")
    var maxLength = Limits().length
    @Option(help: "How many seconds a text may take.")
    var maxSeconds = Limits().seconds

    static func main() async { await main(FileName.arguments) }

    func validate() throws {
        for (name, value) in [
            ("--max-clients", maxClients), ("--max-length", maxLength), ("--max-seconds", maxSeconds),
        ] where !(1...1_000_000).contains(value) {
            throw ValidationError("\(name) \(value): it must be 1 to 1,000,000.")
        }
        guard (0...65_535).contains(port) else { throw ValidationError("--port \(port): it must be 0 to 65535.") }
    }

    func run() async throws {
        let served = StudioFolder(path: folder)
        guard served.isThere else {
            throw Failure("there is no folder \(folder); name one that 'char-rnn train' writes its checkpoints into")
        }
        var limits = Limits()
        (limits.clients, limits.length, limits.seconds) = (maxClients, maxLength, maxSeconds)
        let server = StudioServer(folder: served, device: try Device.named(device), host: host, limits: limits)
        if !server.isLoopback {
            Self.note("everybody who reaches \(host) may read the runs of \(folder) and let its models write")
        }
        @Sendable func tell(_ address: String) {
            print("http://\(address)/")
            fflush(nil)
        }
        do { try await server.run(port: port, onRunning: tell) } catch let error as IOError {
            let reason = error.errnoCode == EADDRINUSE ? "somebody else uses it; take another --port" : "\(error)"
            throw Failure("cannot listen on \(host), port \(port): \(reason)")
        }
    }

    private static func note(_ line: String) {
        var line = line + "\n"
        line.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}

/// What went wrong, in a line.
struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
