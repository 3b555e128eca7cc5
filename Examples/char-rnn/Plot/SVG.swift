/// A picture in the format SVG, shape by shape. Classes are those of its style sheet.
struct SVG {
    private let head: String
    private var title = ""
    private var body = ""
    private var clipCount = 0

    init(width: Double, height: Double, style: String) {
        let (width, height) = (Self.number(width), Self.number(height))
        head = """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(height)" width="\(width)" \
            height="\(height)" style="max-width:100%;height:auto" role="img">

            """
        body = "<style>\(style)</style>\n<rect class=\"p\" width=\"\(width)\" height=\"\(height)\" rx=\"8\"/>\n"
    }

    var document: String { head + title + body + "</svg>\n" }

    /// What is read out in place of the picture.
    mutating func title(_ text: String) { title = "<title>\(Self.escaped(text))</title>\n" }

    mutating func text(_ x: Double, _ y: Double, _ text: String, _ classes: String) {
        let attribute = classes.isEmpty ? "" : " class=\"\(classes)\""
        body += "<text x=\"\(Self.number(x))\" y=\"\(Self.number(y))\"\(attribute)>\(Self.escaped(text))</text>\n"
    }

    mutating func circle(_ x: Double, _ y: Double, _ radius: Double, _ classes: String) {
        body += """
            <circle cx="\(Self.number(x))" cy="\(Self.number(y))" r="\(Self.number(radius))" class="\(classes)"/>

            """
    }

    /// A line from point to point; nothing without two of them.
    mutating func path(_ points: [(Double, Double)], _ classes: String) {
        guard points.count > 1 else { return }
        body += "<path class=\"\(classes)\" d=\"\(Self.data(points))\"/>\n"
    }

    mutating func polygon(_ points: [(Double, Double)], _ classes: String) {
        guard points.count > 2 else { return }
        // A path of the style sheet has no filling, a polygon has.
        let list = points.map { "\(Self.number($0.0)),\(Self.number($0.1))" }.joined(separator: " ")
        body += "<polygon class=\"\(classes)\" points=\"\(list)\"/>\n"
    }

    /// What `draw` adds is seen within a rectangle only.
    mutating func clipped(
        _ x: Double, _ y: Double, _ width: Double, _ height: Double, _ draw: (inout SVG) -> Void
    ) {
        clipCount += 1
        let name = "clip\(clipCount)"
        body += """
            <clipPath id="\(name)"><rect x="\(Self.number(x))" y="\(Self.number(y))" width="\(Self.number(width))" \
            height="\(Self.number(height))"/></clipPath>
            <g clip-path="url(#\(name))">

            """
        draw(&self)
        body += "</g>\n"
    }

    private static func data(_ points: [(Double, Double)]) -> String {
        "M" + points.map { "\(number($0.0)) \(number($0.1))" }.joined(separator: "L")
    }

    /// Tenths of a pixel are enough.
    private static func number(_ value: Double) -> String {
        let tenths = (value * 10).rounded()
        guard tenths.magnitude < 1e7 else { return value < 0 ? "-999999" : "999999" }
        let whole = Int(tenths)
        return whole % 10 == 0 ? "\(whole / 10)" : fixed(Double(whole) / 10, 1)
    }

    private static func escaped(_ text: String) -> String {
        String(
            onOneLine(text).flatMap { character -> String in
                switch character {
                case "&": "&amp;"
                case "<": "&lt;"
                case ">": "&gt;"
                default: String(character)
                }
            })
    }
}
