import Foundation
import TestSupport
import Testing

/// Every option of every command, as the program itself lists them, with values that nobody foresaw: never a crash,
/// never a failure without a word, always a status that tells.
@Suite struct AnyOptionTests {
    struct Option: CustomTestStringConvertible, Sendable {
        let command: String
        let name: String
        let takesValue: Bool
        var testDescription: String { "\(command) \(name)" }
    }

    static let values = [
        "0", "1", "-1", "0.5", "1e30", "99999999", "99999999999999999999", "nan", "inf", "-inf", "", "abc", "\n",
        "\u{1F600}", "--",
    ]

    /// What the command does in no time, before the option is added.
    private static let beginnings = [
        "train": "--data-dir data/some_folder --hidden-size 2 --layers 1 --batch-size 4 --sequence-length 5 "
            + "--max-iterations 1",
        "sample": "run.safetensors --length 3", "score": "run.safetensors text", "inspect": "run.safetensors",
        "convert": "run.safetensors out.safetensors", "devices": "",
        "tune": "", "plot": "", "explain": "run.safetensors text -o page.html",
        "bench": "--seconds 0.000001 --hidden-size 2 --layers 1 --batch-size 2 --sequence-length 3",
    ]

    private struct Help: Decodable {
        struct Command: Decodable {
            let commandName: String
            let subcommands: [Command]?
            let arguments: [Argument]?
        }
        struct Argument: Decodable {
            let kind: String
            let names: [Name]?
        }
        struct Name: Decodable {
            let kind: String
            let name: String
        }
        let command: Command
    }

    private static let help = Result {
        try withTemporaryFolder { folder in
            try JSONDecoder().decode(
                Help.self, from: CommandLineTool.charRNN.run(["--experimental-dump-help"], in: folder).output)
        }
    }

    static let options: [Option] = {
        var options: [Option] = []
        for command in (try? help.get())?.command.subcommands ?? [] where command.commandName != "help" {
            for argument in command.arguments ?? [] {
                for name in argument.names ?? [] {
                    let dashes = name.kind == "long" ? "--" : "-"
                    options.append(
                        Option(
                            command: command.commandName, name: dashes + name.name,
                            takesValue: argument.kind == "option"))
                }
            }
        }
        return options
    }()

    @Test func allCommandsAreTried() throws {
        #expect(Set(Self.options.map(\.command)) == Set(Self.beginnings.keys))
        #expect(Self.options.count { $0.takesValue } > 40, "\(Self.options.map(\.testDescription))")
    }

    @Test(arguments: options)
    func anyValueIsTakenOrRefusedWithAWord(_ option: Option) throws {
        try inFolder { place in
            let beginning = try #require(Self.beginnings[option.command]).split(separator: " ").map(String.init)
            for value in option.takesValue ? Self.values : [""] {
                // So long a text, or so many, are written as asked, for an hour.
                if ["--length", "--count", "-n"].contains(option.name) && value == "99999999" { continue }
                let added = option.takesValue ? [option.name, value] : [option.name]
                let outcome = try place.runBounded([option.command] + beginning + added)
                try check(outcome, "\(option.command) \(added)")
            }
        }
    }

    @Test(arguments: beginnings.keys.sorted())
    func anyArgumentIsTakenOrRefusedWithAWord(_ command: String) throws {
        try inFolder { place in
            for value in Self.values + ["data", "text", "-"] {
                for arguments in [[value], [value, value], ["run.safetensors", value]] {
                    try check(try place.runBounded([command] + arguments), "\(command) \(arguments)")
                }
            }
        }
    }

    @Test(arguments: [
        "train --init-from run.safetensors --resume run.safetensors", "train --opencl --device cpu",
        "train --vocabulary extend", "train --train-fraction 0.9 --validation-fraction 0.9",
        "train --train-fraction 0", "train --tokens bytes --init-from run.safetensors",
        "train --max-epochs 1 --max-iterations 0", "sample run.safetensors --prime a --prime-file text",
        "sample run.safetensors --opencl --device cpu", "convert run.safetensors out.t7",
        "convert run.safetensors out --from pytorch", "convert run.safetensors out --text text",
        "convert run.safetensors out --from pytorch --text text --vocabulary-of run.safetensors",
        "convert run.safetensors out --cell gru", "bench --opencl --device cpu",
        "bench --batch-size 99999999 --sequence-length 99999999",
    ])
    func contradictionsAreRefusedWithAWord(_ command: String) throws {
        try inFolder { place in
            let words = command.split(separator: " ").map(String.init)
            let data = words[0] == "train" ? ["--data-dir", "data/some_folder"] : []
            let outcome = try place.runBounded(words + data)
            try check(outcome, command)
            #expect(outcome.status != 0)
        }
    }

    private func inFolder(_ body: (Workplace) throws -> Void) throws {
        try Workplace.inNewFolder { place in
            try place.write(Self.checkpoint.get(), to: "run.safetensors")
            try place.write("abcab dad.\n", to: "text")
            try body(place)
        }
    }

    private static let checkpoint = Result {
        var bytes = Data()
        try Workplace.inNewFolder { place in
            bytes = try Data(contentsOf: place.url(try place.train(["--max-iterations", "1"])))
        }
        return bytes
    }

    private func check(_ outcome: CommandLineTool.Outcome, _ command: String) throws {
        #expect([0, 1, 64].contains(outcome.status), "\(command): status \(outcome.status), \(outcome.errors)")
        guard outcome.status != 0 else { return }
        let line = outcome.errorLines.last ?? ""
        #expect(line.hasPrefix("char-rnn: "), "\(command): '\(outcome.errors)'")
        #expect(line.count > 20, "\(command): '\(line)'")
    }
}
