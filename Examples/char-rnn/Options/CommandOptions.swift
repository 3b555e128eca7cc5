import ArgumentParser

/// The options of a command, as its help lists them.
struct CommandOptions {
    struct Option {
        /// The longest of its names.
        let name: String
        let takesValue: Bool
    }

    /// By each of the names, with their dashes.
    private let options: [String: Option]

    var names: [String] { options.values.map(\.name) }

    subscript(name: String) -> Option? { options[name] }

    init(of command: any ParsableCommand.Type) {
        var options = ["--help-hidden": Option(name: "--help-hidden", takesValue: false)]
        let help = CharRNNCommand.helpMessage(for: command, includeHidden: true, columns: 200)
        for line in help.split(separator: "\n") where line.hasPrefix("  -") {
            // "  -n, --count <count>  How many …"
            let words = line.split(separator: " ")
            let names = words.prefix { $0.hasPrefix("-") }.map { String($0.prefix { $0 != "," }) }
            let takesValue = words.dropFirst(names.count).first?.hasPrefix("<") ?? false
            for name in names { options[name] = Option(name: names.last!, takesValue: takesValue) }
        }
        self.options = options
    }
}

extension CharRNNCommand {
    /// The commands by their names.
    static let commands = configuration.subcommands.map { (name: "\($0)".lowercased(), type: $0) }
}
