import CharRNN
import ExplainPage
import FoundationEssentials
import Glibc

/// What a page of `char-rnn explain` has to show; the page's script reads it as JSON. Layers and units count from 0.
public struct Explanation: Encodable, Sendable {
    /// What can be seen of a unit.
    struct Part: Encodable, Sendable {
        let name, short, title: String
        /// Whether it goes from 0 to 1, and not from −`scale` to `scale`.
        let isGate: Bool
    }

    /// What one part of one unit was after each token, a byte each: of a gate x·255, of others 128 + x/scale·127.
    struct Series: Encodable, Sendable {
        let scale: Double
        let data: Data
    }

    public struct Cell: Encodable, Equatable, Sendable {
        public let layer, unit: Int
        /// Pearson's correlation with the signal.
        public let r: Double
    }

    /// The cells that follow a signal best; none where the text does not have it.
    public struct Group: Encodable, Sendable {
        public let signal: String
        public let cells: [Cell]
    }

    let model, source, cell: String
    let layers, units, likeliest: Int
    let vocabulary: [String]
    let parts: [Part]
    /// The signals, the one that is followed best first; none of a text shorter than ``shortestTelling``.
    public let telling: [Group]
    let shortestTelling = Self.shortestTelling
    /// Little-endian numbers, a token each: 32 bits for tokens, 16 for 1024ths of a bit and for probabilities times 65,535.
    let tokens, next, chance, surprise, entropy: Data
    /// By "layer/part/unit"; those of the most telling units where not all have room.
    let series: [String: Series]

    /// The bytes of all series together, before they become text.
    private static let room = 24 << 20
    private static let cellsOfGroup = 3

    /// How many tokens a browser shows without stalling.
    public static let longestText = 200_000

    /// The fewest tokens over which the page names cells that follow a signal. By chance the best of 256 that follow nothing
    /// reaches a correlation of 0.3 over so many, of 0.8 over ten, and of 1 over two.
    public static let shortestTelling = 100

    /// - Parameters:
    ///   - model: that reads.
    ///   - text: two tokens or more, at most ``longestText``.
    ///   - name: what the page calls the model.
    ///   - source: what the page calls the text.
    /// - Throws: what `LanguageModel.trace(of:layers:parts:likeliest:after:)` throws.
    public init(of model: LanguageModel, reading text: [Int], name: String, source: String) throws {
        let configuration = model.configuration
        self.model = name
        self.source = source
        cell = configuration.cell.title
        layers = configuration.layerCount
        units = configuration.hiddenSize
        vocabulary = (0..<model.vocabulary.count).map { Self.shown($0, in: model.vocabulary) }
        // What a cell keeps comes first; of cells without a memory that is what they hand on.
        let first = configuration.cell.carriesMemory ? Trace.Part.cell : .hidden
        // A plain RNN's only gate is its output.
        let gates = configuration.cell.gateCount > 1 ? configuration.cell.gateNames.map(Trace.Part.gate) : []
        let others = (first == .hidden ? [] : [.hidden]) + gates
        parts = ([first] + others).map { Self.part($0, of: configuration.cell) }

        // Read twice, for the units need to be compared with signals by their first part only.
        let trace = try model.trace(of: text, parts: [first], likeliest: 5)
        let rest = try model.trace(of: text, parts: others, likeliest: 0)
        let ranking = Ranking(trace)
        let groups = text.count < Self.shortestTelling ? [] : ranking.groups
        telling = groups.map { group in
            Group(signal: group.signal, cells: group.cells.prefix(Self.cellsOfGroup).filter { $0.r != 0 })
        }
        let room = max(1, Self.room / max(1, text.count))
        let isWhole = ranking.units.count * parts.count <= room
        let firstCount = isWhole ? ranking.units.count : min(ranking.units.count, room / 2)
        let otherCount = isWhole ? ranking.units.count : (room - firstCount) / max(1, others.count)
        var series: [String: Series] = [:]
        for activations in trace.activations + rest.activations {
            let part = Self.part(activations.part, of: configuration.cell)
            let units = ranking.units.prefix(activations.part == first ? firstCount : otherCount)
            for found in units where found.layer == activations.layer {
                series["\(found.layer)/\(part.name)/\(found.unit)"] = Self.series(
                    activations.unit(found.unit), isGate: part.isGate)
            }
        }
        self.series = series

        tokens = Self.words(text.map { UInt32($0) })
        likeliest = trace.predictions.first?.likeliest.count ?? 0
        next = Self.words(trace.predictions.flatMap { $0.likeliest.map { UInt32($0.token) } })
        chance = Self.words(
            trace.predictions.flatMap { $0.likeliest.map { UInt16(($0.probability * 65_535).rounded()) } })
        // A prediction is what is expected after a token; the surprise of a token was told by the one before.
        surprise = Self.words([0] + trace.predictions.dropLast().map { Self.bits1024($0.surprise ?? 0) })
        entropy = Self.words(trace.predictions.map { Self.bits1024($0.entropy) })
    }

    private static func part(_ part: Trace.Part, of cell: RecurrentCell) -> Part {
        switch part {
        case .cell: return Part(name: "cell", short: "cell c", title: "the cell state c, carried on", isGate: false)
        case .gate("x"):
            return Part(name: "x", short: "input x", title: "the input x, as the layer takes it in", isGate: false)
        case .gate(let name):
            let words = words(for: name, of: cell)
            return Part(
                name: name, short: words?.short ?? "candidate \(name)",
                title: words?.title ?? "the candidate \(name) for the next state", isGate: words != nil)
        default: return Part(name: "hidden", short: "hidden h", title: "the hidden state h, handed on", isGate: false)
        }
    }

    /// What a gate in the narrow sense, between 0 and 1, is called. Of the others x is what a layer makes of its input, and the
    /// rest is proposed for the state.
    private static func words(for gate: String, of cell: RecurrentCell) -> (short: String, title: String)? {
        // Input and state scale one another, by up to 2, before an LSTM's gates see them.
        switch (cell, gate) {
        case (.mogrifier, "q"):
            return ("input scaling q", "the gate q, with which the state scales the input: by 2q, at 0.5 not at all")
        case (.mogrifier, "r"):
            return ("state scaling r", "the gate r, with which the input scales the state: by 2r, at 0.5 not at all")
        default: break
        }
        let names = ["i": "input", "f": "forget", "o": "output", "r": "reset", "z": "update"]
        return names[gate].map { ("\($0) \(gate)", "the \($0) gate \(gate)") }
    }

    /// Bytes of a model of bytes that are no character of their own are shown by number.
    private static func shown(_ token: Int, in vocabulary: Vocabulary) -> String {
        String(validating: vocabulary.bytes(of: token), as: UTF8.self)
            ?? vocabulary.bytes(of: token).map { "\\x" + String($0, radix: 16) }.joined()
    }

    private static func series(_ values: [Float], isGate: Bool) -> Series {
        if isGate {
            return Series(scale: 1, data: Data(values.map { UInt8((max(0, min(1, $0)) * 255).rounded()) }))
        }
        let scale = max(values.reduce(0) { max($0, abs($1)) }, 1e-6)
        return Series(scale: Double(scale), data: Data(values.map { UInt8(128 + ($0 / scale * 127).rounded()) }))
    }

    private static func bits1024(_ nats: Double) -> UInt16 {
        UInt16(min(nats / log(2) * 1024, 65_535).rounded())
    }

    private static func words<Word: FixedWidthInteger>(_ words: [Word]) -> Data {
        words.map(\.littleEndian).withUnsafeBytes { Data($0) }
    }
}

/// The units of a trace by how well they follow what a reader knows.
private struct Ranking {
    let groups: [Explanation.Group]
    /// All units of all layers, the most telling first.
    let units: [Explanation.Cell]

    init(_ trace: Trace) {
        groups = TextSignal.all.map { signal in
            let cells = trace.correlations(with: signal).map {
                Explanation.Cell(layer: $0.layer, unit: $0.unit, r: $0.r)
            }
            return Explanation.Group(signal: signal.name, cells: cells)
        }
        .sorted { abs($0.cells.first?.r ?? 0) > abs($1.cells.first?.r ?? 0) }
        // The first of each signal, then the second of each, and so on.
        var units: [Explanation.Cell] = []
        var seen: Set<[Int]> = []
        for place in 0..<(groups.map(\.cells.count).max() ?? 0) {
            for group in groups where place < group.cells.count {
                let cell = group.cells[place]
                if seen.insert([cell.layer, cell.unit]).inserted { units.append(cell) }
            }
        }
        self.units = units
    }
}

extension Explanation {
    /// The page with the data in it: HTML in UTF-8 that needs nothing else.
    public func page() throws -> Data {
        let template = String(cString: explain_page)
        guard let place = template.firstRange(of: "@DATA@") else {
            preconditionFailure("a page without a place for data")
        }
        var page = Data(template[..<place.lowerBound].utf8)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Within a script "<" may begin its end or a comment; in JSON it only occurs in strings.
        for (index, part) in try encoder.encode(self).split(separator: 0x3C, omittingEmptySubsequences: false)
            .enumerated()
        {
            if index > 0 { page.append(contentsOf: Array("\\u003c".utf8)) }
            page.append(part)
        }
        page.append(contentsOf: Array(template[place.upperBound...].utf8))
        return page
    }
}
