import ArgumentParser
import CharRNN
import CharRNNMPI
import Glibc

@main
struct CharRNNCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "char-rnn",
        abstract: "Trains recurrent networks on text, character by character, and lets them write.",
        discussion: """
            First steps:
              char-rnn train --data-dir data/tinyshakespeare
              char-rnn sample cv/lm_lstm_epoch2.36_1.7637.safetensors --length 500

            Your own text: put it into a folder as input.txt and name the folder with --data-dir. Add --opencl to \
            compute on a GPU. The options of karpathy/char-rnn are accepted as they were typed there \
            (-rnn_size 512 -opencl 1).
            """,
        version: Version.description,
        subcommands: [
            Train.self, Sample.self, Score.self, Inspect.self, Explain.self, Plot.self, Convert.self,
            Devices.self, Bench.self, Tune.self,
        ])

    static func main() {
        // A file that grows past a limit (ulimit -f) is an error to be told, as a full disk is.
        signal(SIGXFSZ, SIG_IGN)
        // What is wrong with a command line is wrong with that of every rank.
        Console.isMuted = FileName.arguments.contains("--mpi") && MPIWorld.launchedRank > 0
        let outcome = Result {
            let words = try Recipe.expanded(CommandLineWords.translated(FileName.arguments))
            let arguments = CheckpointChoice.completingResume(words)
            var command = try parseAsRoot(arguments)
            try command.run()
        }
        Device.releasePrograms()
        do { try outcome.get() } catch let error where Failure.isOurs(error) {
            // One line of facts; a usage text would bury it. Only what a compiler says has lines of its own.
            let message = "char-rnn: \(Hints.message(of: error))"
            switch error {
            case DeviceError.kernelBuildFailed, DeviceError.compilerFailed:
                for line in message.split(separator: "\n") { Console.note(String(line)) }
            default: Console.note(onOneLine(message))
            }
            Glibc.exit(1)
        } catch let error where exitCode(for: error) == .validationFailure {
            let names = commands.map(\.name)
            let words = ["char-rnn"] + FileName.arguments.prefix(1).filter(names.contains)
            let message = message(for: error).split(separator: "\n").joined(separator: " ")
            Console.note("char-rnn: \(onOneLine(message)) (see: \(words.joined(separator: " ")) --help)")
            exit(.validationFailure)
        } catch {
            exit(withError: error)  // help, versions, and the status of an interrupted run
        }
    }

    private static func exit(_ code: ExitCode) -> Never { Glibc.exit(code.rawValue) }
}

/// What the command line itself has to object to.
struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }

    /// Whether an error says in one line all that a user needs.
    static func isOurs(_ error: any Error) -> Bool {
        error is Failure || error is TextError || error is VocabularyError || error is CheckpointError
            || error is BrokenModelError || error is ChangedModelError || error is DeadEndError || error is FileError
            || error is DeviceError || error is TrainingRunError || error is QuantizedWeightsError || error is MPIError
            || error is SharedFailure
    }
}
