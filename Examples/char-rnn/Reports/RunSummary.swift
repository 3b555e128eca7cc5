import CharRNN
import FoundationEssentials
import Glibc

/// A run of a folder, as `char-rnn inspect FOLDER` compares it with the others.
struct RunSummary: Encodable {
    let label: String
    /// Of a run that `history.jsonl` knows.
    private(set) var run: String?
    /// In seconds since 1970.
    private(set) var began: Double?
    let cell: RecurrentCell
    let layers, hiddenSize: Int
    let parameters: Int
    let iteration: Int
    let epoch: Double
    /// In nats per character; nil where there was no validation.
    let bestLoss: Double?
    private(set) var bestIteration: Int?
    private(set) var seconds: Double?

    /// The runs that the folder's history tells of, and those whose label it does not know, of which there are only
    /// checkpoints; the best first.
    ///
    /// - Throws: `FileError`, `CheckpointError`.
    static func all(in folder: URL) throws -> [RunSummary] {
        let history = try TrainingHistory(in: folder).runs
        let others = try checkpoints(in: folder, without: Set(history.map(\.start.label)))
        return (history.map { RunSummary($0) } + others).sorted {
            ($0.bestLoss ?? .infinity, $0.label) < ($1.bestLoss ?? .infinity, $1.label)
        }
    }

    private init(_ run: TrainingHistory.Run) {
        let (start, last) = (run.start, run.lines[run.lines.count - 1])
        label = start.label
        self.run = run.id
        began = run.lines[0].time
        cell = start.cell
        (layers, hiddenSize, parameters) = (start.layers, start.hiddenSize, start.parameters)
        (iteration, epoch) = (last.iteration, last.epoch)
        bestLoss = run.best?.validationLoss
        bestIteration = run.best?.iteration
        seconds = run.seconds
    }

    private init(_ label: String, _ checkpoint: Checkpoint, nameLoss: Double?) {
        let configuration = checkpoint.configuration
        self.label = label
        cell = configuration.cell
        (layers, hiddenSize) = (configuration.layerCount, configuration.hiddenSize)
        parameters = checkpoint.parameterCount
        (iteration, epoch) = (checkpoint.iteration, checkpoint.epoch)
        let best = checkpoint.validationLosses.min { ($0.value, $0.key) < ($1.value, $1.key) }
        bestLoss = best?.value ?? nameLoss
        bestIteration = best?.key
    }

    /// A summary for each other label, as for char-rnn's `.t7`: that of the latest epoch.
    private static func checkpoints(in folder: URL, without known: Set<String>) throws -> [RunSummary] {
        var last: [String: (epoch: Double, loss: Double?, name: String)] = [:]
        for name in try FileName.all(in: folder) {
            let pattern = #/lm_(.*)_epoch(\d+\.\d+)(?:_(\d+\.\d+|nan))?\.(?:safetensors|t7)/#
            guard let match = name.wholeMatch(of: pattern), let epoch = Double(match.2) else { continue }
            let label = String(match.1)
            if !known.contains(label), epoch >= last[label]?.epoch ?? 0 {
                last[label] = (epoch, match.3.flatMap { Double($0) }.flatMap { $0.isNaN ? nil : $0 }, name)
            }
        }
        return try last.sorted { $0.key < $1.key }.map { label, found in
            let checkpoint = try Checkpoint(contentsOf: folder.appendingPathComponent(found.name))
            return RunSummary(label, checkpoint, nameLoss: found.loss)
        }
    }

    // MARK: The table

    private static let heading = [
        "label", "began", "cell", "size", "parameters", "iteration", "epoch", "best loss", "at", "time",
    ]

    /// Columns as wide as what stands in them; numbers end at the same place.
    static func table(of runs: [RunSummary]) -> [String] {
        let rows = [heading] + runs.map(\.cells)
        let widths = heading.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = row.indices.map { column in
                let spaces = String(repeating: " ", count: widths[column] - row[column].count)
                return column < 4 ? row[column] + spaces : spaces + row[column]
            }
            return cells.joined(separator: "  ")
        }
    }

    private var cells: [String] {
        [
            onOneLine(label), began.map(Self.localTime) ?? "-", cell.rawValue, "\(layers)x\(hiddenSize)",
            "\(Count(parameters))", "\(Count(iteration))", fixed(epoch, 2),
            bestLoss.map { fixed($0, 4) } ?? "-", bestIteration.map { "\(Count($0))" } ?? "-",
            seconds.map { duration($0) } ?? "-",
        ]
    }

    private static func localTime(_ seconds: Double) -> String {
        var (time, parts) = (time_t(seconds), tm())
        localtime_r(&time, &parts)
        var text = [CChar](repeating: 0, count: 32)
        strftime(&text, text.count, "%Y-%m-%d %H:%M", &parts)
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
