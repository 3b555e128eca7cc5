import ArgumentParser
import CharRNN
import FoundationEssentials
import ModelExplanation

struct Explain: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show in a page for the browser what goes on in a model as it reads a text.",
        discussion: """
            The page colours the text by how surprised the model was, by how uncertain it was about the next character, \
            or by any cell of any layer. It lists the cells that follow something a reader knows: the position in the line, quotes, \
            brackets, indentation, sentence starts, words, digits. Point at a character, or walk with the arrow keys, and \
            it tells the five characters that the model expected next.
              char-rnn explain cv/lm_lstm_epoch5.00_1.5369.safetensors part.txt -o page.html

            The page is one file that needs no network. Of a long text it has the most telling cells only.
            """)

    @Argument(help: "The checkpoint, or a folder whose best one is taken.", completion: .file())
    var checkpoint: String
    @Argument(help: "The text; - is standard input.", completion: .file())
    var file: String
    @Option(name: .shortAndLong, help: "The page to write, an .html.", completion: .file())
    var output: String
    @Flag(help: "Overwrite a page that is already there.")
    var force = false
    @OptionGroup(title: "Device") var device: DeviceOptions
    @Option(help: UnknownChoice.help)
    var unknown = UnknownChoice.error

    func validate() throws {
        try require(
            ["html", "htm"].contains(URL(named: output).pathExtension.lowercased()),
            "--output \(output): give a name that ends in .html.")
    }

    func run() throws { try CheckpointChoice.naming(checkpoint, work) }

    private func work() throws {
        try requireFolder(of: output)
        try requireFree(output, force: force)
        let checkpoint = try CheckpointChoice.best(checkpoint)
        let model = try LanguageModel(contentsOf: checkpoint, on: try device.device())
        let tokens = try unknown.tokens(of: file, in: model.vocabulary)
        guard tokens.count > 1 else {
            throw Failure("\(TextInput.name(file)) has fewer than two characters; there is nothing to show")
        }
        guard tokens.count <= Explanation.longestText else {
            // By lines, where there are some: a number of bytes may end within a character.
            let end = model.vocabulary.number(of: [10])
            let lines = tokens.prefix(Explanation.longestText).count { $0 == end }
            let part = lines > 0 ? "-n \(lines)" : "-c \(Explanation.longestText)"
            throw Failure(
                "\(TextInput.name(file)) has \(Count(tokens.count)) characters, and a page of more than "
                    + "\(Count(Explanation.longestText)) is too slow; take a part: "
                    + "head \(part) \(file == "-" ? "" : shellPath(file) + " ")> part.txt")
        }
        let explanation = try Explanation(
            of: model, reading: tokens, name: FileName.readable(checkpoint.lastPathComponent),
            source: file == "-" ? "standard input" : FileName.readable(URL(named: file).lastPathComponent))
        try AtomicFile.write(try explanation.page(), to: URL(named: output))
        if let best = explanation.telling.flatMap(\.cells).max(by: { abs($0.r) < abs($1.r) }),
            let signal = explanation.telling.first(where: { $0.cells.contains { $0 == best } })?.signal
        {
            Console.note(
                "the most telling cell: layer \(best.layer), cell \(best.unit) follows \(signal) with r = "
                    + fixed(best.r, 2))
        } else if explanation.telling.isEmpty {
            Console.note(
                "note: \(TextInput.name(file)) has fewer than \(Explanation.shortestTelling) characters, too few to tell what "
                    + "a cell follows")
        }
        Console.note("wrote \(output); open it in a browser")
    }
}
