import ArgumentParser
import CharRNN

/// The words of a command line as the parser is to have them: char-rnn's options as ours, and values in one word with
/// their option where they begin with a dash, so that every option takes the word after it, as it does elsewhere.
struct CommandLineWords {
    private(set) var words: [String] = []
    /// The names of the options among them.
    private(set) var options: Set<String> = []

    private let command: (name: String, type: any ParsableCommand.Type)
    private let known: CommandOptions
    private let numbers: NumericOptions
    private var torch = TorchOptions()

    /// - Throws: `ValidationError` for a command or an option that does not exist, and what may have been meant; for an
    ///   option without its value.
    static func translated(_ arguments: [String]) throws -> [String] {
        guard let first = arguments.first else { return [] }
        guard !first.hasPrefix("-") else { return try beginning(with: first) + arguments.dropFirst() }
        guard first == "help" else { return try CommandLineWords(arguments).words }
        if let word = arguments.dropFirst().first, !CharRNNCommand.commands.contains(where: { $0.name == word }) {
            try Suggestions.refuse(command: word, [])
        }
        return arguments
    }

    /// The options that have been typed in this command line, by our names.
    static let typed = (try? CommandLineWords(FileName.arguments))?.options ?? []

    /// The first word, where it is an option.
    private static func beginning(with option: String) throws -> [String] {
        if option == "-help" { return ["--help"] }
        let root = CommandOptions(of: CharRNNCommand.self)
        // What completes words for a shell has three dashes.
        let hidden = ["---", "--generate-completion-script", "--experimental-dump-help"]
        guard root[option] == nil, !hidden.contains(where: option.hasPrefix) else { return [option] }
        if let meant = Suggestions.rootOption(likeliest: option, among: root.names) {
            throw ValidationError("Unknown option '\(option)'. Did you mean '\(meant)'?")
        }
        throw ValidationError("Unknown option '\(option)'. The command comes first: char-rnn train \(option).")
    }

    private init(_ arguments: [String]) throws {
        guard let first = arguments.first else { throw ValidationError("a command is missing.") }
        guard let command = CharRNNCommand.commands.first(where: { $0.name == first }) else {
            try Suggestions.refuse(command: first, arguments.dropFirst())
        }
        self.command = command
        known = CommandOptions(of: command.type)
        numbers = NumericOptions(of: command.type)
        words = [first]
        var rest = arguments.dropFirst()
        while let word = rest.popFirst() {
            if word == "--" {
                for argument in rest { try Self.requireSomething(argument) }
                words += [word] + rest
                break
            }
            guard word.hasPrefix("-"), word != "-" else {
                try Self.requireSomething(word)
                if words == ["train"] {
                    // As other commands have their file. (Behind --data-dir there may be several.)
                    let option = "--data-dir \(shellPath(word))"
                    throw ValidationError("Unexpected argument '\(word)'. A text is named by an option: \(option).")
                }
                words.append(word)
                continue
            }
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            try read(parts[0], parts.count > 1 ? parts[1] : nil, &rest)
        }
        for (option, value) in torch.deviceAndDrawing { try append(option, value) }
    }

    /// Takes an option, and its value from the word itself or from the next.
    private mutating func read(_ word: String, _ attached: String?, _ rest: inout ArraySlice<String>) throws {
        if word == "-help" {
            words.append("--help")
        } else if known[word] == nil, let name = TorchOptions.name(word) {
            try check(TorchOptions.names[name]!, typedAs: word)
            // Alone it says yes, as our --opencl does.
            let isAlone = name == "opencl" && attached == nil && rest.first.flatMap { Int($0) } == nil
            let value = try isAlone ? "1" : attached ?? value(of: word, &rest)
            if let value, let (option, value) = try torch.read(name, value, typedAs: word) { try append(option, value) }
        } else {
            try check(word, typedAs: word)
            let value = try known[word]!.takesValue ? attached ?? value(of: word, &rest) : attached
            try append(word, value)
        }
    }

    /// The next word; nil where that is an option and the parser is to say what this one means alone.
    private func value(of option: String, _ rest: inout ArraySlice<String>) throws -> String? {
        // A text may be anything; elsewhere the name of an option is one, whose predecessor has no value.
        let isText = Self.texts.contains(option)
        func isOption(_ word: String) -> Bool { known[word] != nil || TorchOptions.name(word) != nil }
        guard let value = rest.first, isText || !isOption(value) else {
            if option == "--resume" { return nil }
            throw ValidationError("\(option) needs a value.")
        }
        rest.removeFirst()
        return value
    }

    private func check(_ option: String, typedAs word: String) throws {
        guard known[option] == nil else { return }
        throw ValidationError(Suggestions.refusal(ofOption: word, in: command.name, known))
    }

    /// A name that is empty is that of the folder where the command runs, which nobody means.
    private static func requireSomething(_ value: String, for option: String = "a name") throws {
        try require(!value.isEmpty, "\(option) is empty; is the variable in its place set?")
    }

    /// Options with a text in place of a name.
    private static let texts: Set = ["--prime", "--stop", "--document-separator", "-primetext"]

    private mutating func append(_ option: String, _ value: String?) throws {
        let (name, takesValue) = (known[option]!.name, known[option]!.takesValue)
        if let value { try numbers.check(value, of: name) }
        var value = value
        if let typed = value, Self.texts.contains(name) {
            value = String(validating: FileName.bytes(typed), as: UTF8.self)
            guard value != nil else {
                throw ValidationError("\(name): '\(typed)' is not UTF-8, as a text that is typed must be.")
            }
        } else if let value, takesValue {
            try Self.requireSomething(value, for: name)
        }
        options.insert(name)
        switch value {
        case nil: words.append(option)
        case let value? where value.hasPrefix("-") || !takesValue: words.append("\(name)=\(value)")
        case let value?: words += [name, value]
        }
    }
}
