/// How far work is, on one line of a terminal, whatever its width.
public struct ProgressLine: Sendable {
    /// Something to be told beside the bar.
    public struct Fact: Sendable {
        let text: String
        /// Where there is no room for all, those of the least weight are left out.
        let weight: Int

        public init(_ text: String, weight: Int) {
            self.text = text
            self.weight = weight
        }
    }

    /// What is done, at the beginning of the line.
    public var title: String
    /// From 0 to 1.
    public var fraction: Double
    /// In their order.
    public var facts: [Fact]

    /// The columns of a bar, its brackets not counted.
    private static let bar = 5...30

    public init(_ title: String, fraction: Double, facts: [Fact]) {
        self.title = title
        self.fraction = min(max(fraction, 0), 1)
        self.facts = facts
    }

    /// At most `width` columns: all letters are ASCII, so that each has one.
    public func text(width: Int) -> String {
        let percent = String("  \(Int(fraction * 100))".suffix(3)) + "%"
        var facts = facts
        while true {
            let words = facts.map(\.text).joined(separator: ", ")
            let room = width - "\(title) \(percent) [] \(words)".count
            if room >= Self.bar.lowerBound {
                return "\(title) \(percent) [\(bar(of: min(room, Self.bar.upperBound)))] \(words)"
            }
            guard facts.count > 1, let least = facts.indices.min(by: { facts[$0].weight < facts[$1].weight }) else {
                return String("\(title) \(percent) \(words)".prefix(max(0, width)))
            }
            facts.remove(at: least)
        }
    }

    private func bar(of width: Int) -> String {
        let done = Int(fraction * Double(width))
        let tip = done < width ? ">" : ""
        return String(repeating: "=", count: done) + tip
            + String(repeating: "-", count: width - done - tip.count)
    }
}
