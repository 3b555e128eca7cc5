import ArgumentParser
import CharRNN
import FoundationEssentials
import Glibc

struct Plot: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Draw how the losses of one or several runs fall.",
        discussion: """
            It reads the history.jsonl that train writes into its folder, also while it is training, and draws training \
            and validation loss, the learning rate and the norm of the gradient. The lowest validation loss is marked.
              char-rnn plot cv
              char-rnn plot cv -o loss.svg
              char-rnn plot cv/small cv/large --by time -o loss.png

            Without -o it draws in the terminal, in plain characters when the output goes elsewhere. An .svg is light \
            or dark as its reader's screen is. A .png is made of it by rsvg-convert (Debian: librsvg2-bin).
            """)

    @Argument(help: "Folders of runs. (default: cv)", completion: .directory)
    var folders: [String] = []
    @Option(name: .shortAndLong, help: "The picture to write: an .svg or a .png.", completion: .file())
    var output: String?
    @Option(help: "What goes to the right: iteration, characters (that were learned from) or time (spent on steps).")
    var by = PlotAxis.iteration
    @Flag(help: "Draw in the terminal, also when a picture is written.")
    var terminal = false
    @Flag(help: "Overwrite a picture that is already there.")
    var force = false

    func validate() throws {
        guard let output else { return }
        try require(
            ["svg", "png"].contains(Self.ending(output)), "--output \(output): give a name that ends in .svg or .png.")
    }

    func run() throws {
        if let output {
            try requireFolder(of: output)
            try requireFree(output, force: force)
        }
        let runs = try (folders.isEmpty ? ["cv"] : folders).flatMap { try RunCurve.all(in: $0) }
        let chart = LossChart(runs, by: by)
        if let output {
            let file = URL(named: output)
            let picture = Data(chart.svg().utf8)
            if Self.ending(output) == "png" {
                try PNGConverter.write(picture, to: file)
            } else {
                try AtomicFile.write(picture, to: file)
            }
            Console.note("wrote \(output)")
        }
        if output == nil || terminal {
            let size = Console.outputSize
            let drawing = chart.drawing(
                columns: min(size?.columns ?? 80, 160), rows: min(max((size?.rows ?? 28) - 8, 8), 24),
                isColored: size != nil && getenv("NO_COLOR") == nil)
            Console.output(Array(drawing.utf8))
        }
    }

    private static func ending(_ path: String) -> String { URL(named: path).pathExtension.lowercased() }
}
