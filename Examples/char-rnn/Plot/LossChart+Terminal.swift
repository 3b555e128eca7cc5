extension LossChart {
    /// The losses in characters: training as a line of braille dots, each validation as a letter of its run (○ when there
    /// is one run), the best as ● or a capital.
    func drawing(columns: Int, rows: Int, isColored: Bool) -> String {
        let labelWidth = 7
        var canvas = BrailleCanvas(columns: max(columns, 30) - labelWidth - 2, rows: rows)
        let x = PlotScale(low: 0, high: right, start: 0, end: Double(canvas.columns * 2 - 1))
        let y = PlotScale(low: lossRange.low, high: lossRange.high, start: Double(rows * 4 - 1), end: 0)
        for (index, run) in runs.enumerated() {
            canvas.line(bins(run.training, canvas.columns * 2).map { (x($0.x), y($0.mean)) }, color: index)
        }
        for (index, run) in runs.enumerated() {
            let color = runs.count == 1 ? 1 : index
            let marks = marks(index)
            for point in run.validation { canvas.mark(x(point.x), y(point.y), marks.each, color: color) }
            if let best = run.best { canvas.mark(x(best.x), y(best.y), marks.best, color: color) }
        }
        var labels = [String](repeating: "", count: rows)
        // Two dots to a column, four to a row.
        for tick in y.ticks(apart: 16) {
            labels[min(rows - 1, max(0, Int(y(tick) / 4)))] = PlotText.number(tick)
        }
        var lines = canvas.lines(isColored: isColored).enumerated().map { row, line in
            "\(padded(labels[row], labelWidth)) \(labels[row].isEmpty ? "│" : "┤")\(line)"
        }
        lines.append(
            String(repeating: " ", count: labelWidth + 1) + "└" + String(repeating: "─", count: canvas.columns))
        lines.append(bottomLine(x, labelWidth + 2, canvas.columns))
        lines.append(padded("", labelWidth + 2) + "loss in nats per character, by \(xTitle)")
        for (index, run) in runs.enumerated() {
            let marks = marks(index)
            let color = runs.count == 1 ? 1 : index
            let mark = BrailleCanvas.colored("\(marks.each) \(marks.best)", isColored ? color : nil)
            lines.append(padded("", labelWidth + 2) + "\(mark) \(run.name): validation, \(run.words)")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func marks(_ index: Int) -> (each: Character, best: Character) {
        guard runs.count > 1 else { return ("○", "●") }
        let letter = Character(UnicodeScalar(UInt8(97 + index % 26)))
        return (letter, Character(letter.uppercased()))
    }

    private func bottomLine(_ x: PlotScale, _ indent: Int, _ columns: Int) -> String {
        var line = [Character](repeating: " ", count: indent + columns)
        for tick in x.ticks(apart: 28) {
            let text = PlotText.number(tick)
            let place = indent + Int(x(tick) / 2) - text.count / 2
            let start = min(max(place, indent), indent + columns - text.count)
            line.replaceSubrange(start..<start + text.count, with: text)
        }
        return String(line)
    }

    private func padded(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}

/// A field of dots, two wide and four high in each character (Unicode's braille patterns), and of letters above them.
private struct BrailleCanvas {
    let columns, rows: Int
    private var dots: [UInt8]
    private var letters: [Character?]
    private var colors: [Int?]

    init(columns: Int, rows: Int) {
        (self.columns, self.rows) = (columns, rows)
        dots = Array(repeating: 0, count: columns * rows)
        letters = Array(repeating: nil, count: columns * rows)
        colors = Array(repeating: nil, count: columns * rows)
    }

    /// From point to point, in dots from the upper left. What lies outside is not drawn.
    mutating func line(_ points: [(x: Double, y: Double)], color: Int) {
        for (index, point) in points.enumerated() {
            let from = points[max(0, index - 1)]
            let steps = max(1, Int(min(max((point.x - from.x).magnitude, (point.y - from.y).magnitude), 1000)))
            for step in 1...steps {
                let share = Double(step) / Double(steps)
                dot(from.x + (point.x - from.x) * share, from.y + (point.y - from.y) * share, color)
            }
        }
    }

    private mutating func dot(_ x: Double, _ y: Double, _ color: Int) {
        guard x >= 0, y >= 0, x < Double(columns * 2), y < Double(rows * 4) else { return }
        let (column, row) = (Int(x), Int(y))
        let bits: [[UInt8]] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]]
        let cell = row / 4 * columns + column / 2
        dots[cell] |= bits[row % 4][column % 2]
        colors[cell] = color
    }

    mutating func mark(_ x: Double, _ y: Double, _ letter: Character, color: Int) {
        guard x >= 0, y >= 0, x < Double(columns * 2), y < Double(rows * 4) else { return }
        let cell = Int(y) / 4 * columns + Int(x) / 2
        letters[cell] = letter
        colors[cell] = color
    }

    func lines(isColored: Bool) -> [String] {
        (0..<rows).map { row in
            let cells = row * columns..<(row + 1) * columns
            let last = cells.last { dots[$0] != 0 || letters[$0] != nil } ?? cells.lowerBound - 1
            return (cells.lowerBound..<last + 1).map { cell in
                let character =
                    letters[cell] ?? (dots[cell] == 0 ? " " : Character(UnicodeScalar(0x2800 + UInt32(dots[cell]))!))
                return Self.colored(String(character), isColored ? colors[cell] : nil)
            }.joined()
        }
    }

    /// Blue, orange (yellow in a terminal of eight colours), cyan, magenta, green, red.
    static func colored(_ text: String, _ color: Int?) -> String {
        guard let color else { return text }
        return "\u{1B}[\([34, 33, 36, 35, 32, 31][color % 6])m\(text)\u{1B}[0m"
    }
}
