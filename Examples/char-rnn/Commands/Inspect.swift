import ArgumentParser
import CharRNN
import FoundationEssentials

struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what a checkpoint holds: its model, options and losses; or compare the runs of a folder.",
        discussion: """
            Of a folder of checkpoints all runs are told in a table, the one with the lowest validation loss first:
              char-rnn inspect cv
            """)

    @Argument(help: "The checkpoint, or a folder of them.", completion: .file())
    var checkpoint: String
    @Flag(help: "Print JSON: an object for the checkpoint, or one a line for each run of the folder.")
    var json = false
    // char-rnn needed the device that had trained a model; here any will do, so this is accepted and not used.
    @OptionGroup(visibility: .hidden) var device: DeviceOptions

    func run() throws {
        let file = URL(named: checkpoint)
        let lines: [String]
        if CheckpointChoice.isFolder(checkpoint) {
            let runs = try RunSummary.all(in: file)
            guard !runs.isEmpty else {
                throw Failure(
                    "\(checkpoint) has no run and no checkpoint; train with: char-rnn train --checkpoint-dir "
                        + shellPath(checkpoint)
                )
            }
            lines = json ? try runs.map { try $0.jsonLine() } : RunSummary.table(of: runs)
        } else {
            let report = CheckpointReport(try Checkpoint(contentsOf: file))
            lines = json ? [try report.jsonLine()] : report.lines
        }
        Console.output(Array((lines.joined(separator: "\n") + "\n").utf8))
    }
}
