import FoundationEssentials

extension LossChart {
    private static let width = 720.0
    // So that 0.0005 has room in large letters.
    private static let (left, margin) = (84.0, 24.0)
    private static let (lossHeight, stripHeight, gap) = (280.0, 56.0, 40.0)
    private static let bins = 240
    /// From one number of the lowest axis to the next, at least: where the picture is shown small, one is up to 87 wide. Those
    /// of the others are 21 high.
    private static let numbersAcross = 102.0

    /// A picture that follows its reader's light or dark screen, with larger letters where it is shown small.
    func svg() -> String {
        let rows = runs.count == 1 ? 1 : runs.count + 1
        let top = 64 + 26 * Double(rows)
        let bottom = top + Self.lossHeight + 2 * (Self.stripHeight + Self.gap)
        let x = PlotScale(low: 0, high: right, start: Self.left, end: Self.width - Self.margin)
        var svg = SVG(width: Self.width, height: bottom + 64, style: Self.style)
        svg.title(runs.count == 1 ? "Training of \(runs[0].name)" : "Training of \(runs.count) runs")
        svg.text(Self.margin, 40, runs.count == 1 ? runs[0].name : "\(runs.count) runs", "t")
        svg.text(Self.width - Self.margin, 40, "nats per character", "e")
        drawLegend(&svg)

        let loss = PlotScale(
            low: lossRange.low, high: lossRange.high, start: top + Self.lossHeight, end: top)
        drawGrid(&svg, x, loss, Self.lossHeight / 5)
        // With room for the mark of a last validation.
        svg.clipped(Self.left, top, Self.width - Self.left - Self.margin + 8, Self.lossHeight) { svg in
            for (index, run) in runs.enumerated() { drawLosses(&svg, run, index, x, loss) }
        }
        for (index, run) in runs.enumerated() { drawBest(&svg, run, runs.count == 1 ? 1 : index, x, loss) }

        var y = top + Self.lossHeight + Self.gap
        drawStrip(&svg, "learning rate", \.learningRate, x, y)
        y += Self.stripHeight + Self.gap
        drawStrip(&svg, "gradient norm", \.gradientNorm, x, y, isLogarithmic: true)
        for tick in x.ticks(apart: Self.numbersAcross) {
            let number = PlotText.number(tick)
            // That at the right end is moved in where it is long; half of a large digit takes 6.7.
            svg.text(min(x(tick), Self.width - 6.7 * Double(number.count)), bottom + 24, number, "m")
        }
        svg.text((Self.left + Self.width - Self.margin) / 2, bottom + 52, xTitle, "m")
        return svg.document
    }

    private func drawLegend(_ svg: inout SVG) {
        var y = 76.0
        guard runs.count > 1 else {
            svg.path([(Self.margin, y - 5), (Self.margin + 24, y - 5)], "l c0")
            svg.text(Self.margin + 32, y, "training", "")
            svg.path([(Self.margin + 150, y - 5), (Self.margin + 174, y - 5)], "v c1")
            svg.circle(Self.margin + 162, y - 5, 4, "f1")
            svg.text(Self.margin + 182, y, "validation, \(runs[0].words)", "")
            return
        }
        for (index, run) in runs.enumerated() {
            svg.path([(Self.margin, y - 5), (Self.margin + 24, y - 5)], "v c\(index % 6)\(Self.dashes(index))")
            svg.circle(Self.margin + 12, y - 5, 4, "f\(index % 6)")
            svg.text(Self.margin + 32, y, "\(run.name): \(run.words)", "")
            y += 26
        }
        svg.text(Self.margin + 32, y, "thick: validation; thin: training", "q")
    }

    /// More runs than colours are told apart by their dashes.
    private static func dashes(_ index: Int) -> String { index < 6 ? "" : " d\(min(index / 6, 2))" }

    private func drawGrid(_ svg: inout SVG, _ x: PlotScale, _ y: PlotScale, _ distance: Double) {
        for tick in x.ticks(apart: Self.numbersAcross) { svg.path([(x(tick), y.start), (x(tick), y.end)], "g") }
        for tick in y.ticks(apart: distance) {
            svg.path([(Self.left, y(tick)), (Self.width - Self.margin, y(tick))], "g")
            svg.text(Self.left - 8, y(tick) + 5, PlotText.number(tick), "e")
        }
    }

    private func drawLosses(_ svg: inout SVG, _ run: Run, _ index: Int, _ x: PlotScale, _ y: PlotScale) {
        let bins = bins(run.training, Self.bins)
        let color = index % 6
        if runs.count == 1 {
            svg.polygon(bins.map { (x($0.x), y($0.high)) } + bins.reversed().map { (x($0.x), y($0.low)) }, "b f0")
            svg.path(bins.map { (x($0.x), y($0.mean)) }, "l c0")
        } else {
            svg.path(bins.map { (x($0.x), y($0.mean)) }, "n c\(color)\(Self.dashes(index))")
        }
        let validation = runs.count == 1 ? 1 : color
        svg.path(run.validation.map { (x($0.x), y($0.y)) }, "v c\(validation)\(Self.dashes(index))")
        if run.validation.count <= 60 {
            for point in run.validation { svg.circle(x(point.x), y(point.y), 3.5, "f\(validation)") }
        }
    }

    private func drawBest(_ svg: inout SVG, _ run: Run, _ index: Int, _ x: PlotScale, _ y: PlotScale) {
        guard let best = run.best else { return }
        svg.circle(x(best.x), y(best.y), 7, "o c\(index % 6)")
        // Where there are many, the legend has the numbers.
        guard runs.count == 1 else { return }
        let isLate = x(best.x) > Self.width * 0.75
        svg.text(x(best.x), y(best.y) - 16, "best \(fixed(best.y, 4))", isLate ? "e h" : "m h")
    }

    private func drawStrip(
        _ svg: inout SVG, _ title: String, _ points: KeyPath<Run, [Point]>, _ x: PlotScale, _ top: Double,
        isLogarithmic: Bool = false
    ) {
        let curves = runs.map { bins($0[keyPath: points], Self.bins) }
        let values = curves.flatMap { $0.map(\.mean) }
        let high = max(values.max() ?? 1, 1e-9) * 1.05
        let low = isLogarithmic ? min((values.min() ?? 0.1) / 1.05, high / 10) : 0
        let y = PlotScale(
            low: low, high: high, isLogarithmic: isLogarithmic, start: top + Self.stripHeight, end: top)
        svg.text(Self.left, top - 8, title, "q")
        drawGrid(&svg, x, y, Self.stripHeight / 2)
        for (index, bins) in curves.enumerated() {
            svg.path(bins.map { (x($0.x), y($0.mean)) }, "n c\(index % 6)\(Self.dashes(index))")
        }
    }

    // The colours of Okabe and Ito, which the colour-blind tell apart; on dark, lighter ones of the same hues.
    private static let light = ["#0072B2", "#D55E00", "#007A5A", "#A64D82", "#8A6D00", "#3B3B98"]
    private static let dark = ["#56B4E9", "#FF8A3D", "#2FC79A", "#E79AC6", "#F0C94A", "#A9A9F5"]

    private static let style: String = {
        func colors(_ list: [String]) -> String {
            list.enumerated().map { ".c\($0){stroke:\($1)}.f\($0){fill:\($1)}" }.joined()
        }
        return """
            text{font:15px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;fill:#24292f}\
            .t{font-size:20px;font-weight:600}.e{text-anchor:end}.m{text-anchor:middle}.q{fill:#57606a}\
            .p{fill:#fff}.h{paint-order:stroke;stroke:#fff;stroke-width:4px;font-weight:600}\
            path,.o{fill:none}.g{stroke:#d0d7de;stroke-width:1}.l{stroke-width:1.8}.n{stroke-width:1.2;opacity:.8}\
            .v{stroke-width:2.6}.o{stroke-width:2.2}.b{opacity:.18}.d1{stroke-dasharray:7 4}.d2{stroke-dasharray:2 4}\
            path{stroke-linejoin:round}\(colors(light))
            @media(prefers-color-scheme:dark){text{fill:#e6edf3}.q{fill:#9da7b3}.p{fill:#0d1117}.h{stroke:#0d1117}\
            .g{stroke:#30363d}\(colors(dark))}
            @media(max-width:520px){text{font-size:21px}.t{font-size:25px}.l,.n{stroke-width:2}.v{stroke-width:3.4}}
            """
    }()
}
