/// Texts by the beginnings that they have in common, so that each of those is read once: of "the" and "then" the second
/// reads no more than "e", after what the first has read of "th".
struct PrefixTree {
    /// One text, and what of it is read for its own sake.
    struct Branch {
        /// The number of the text.
        let text: Int
        let tokens: [Int]
        /// The positions at which it reads a token, to predict the next. None where another text is the same.
        let positions: Range<Int>
        /// The number of the branch that reads the position before those; nil where that is the start.
        let parent: Int?
    }

    /// Each after its parent.
    private(set) var branches: [Branch] = []

    /// The numbers of texts in an order in which none has more in common with those before than with the one before.
    static func order(of texts: [[Int]]) -> [Int] {
        texts.indices.sorted { texts[$0].lexicographicallyPrecedes(texts[$1]) }
    }

    /// - Parameters:
    ///   - texts: of two tokens or more each.
    ///   - numbers: which of them, as ``order(of:)`` has them.
    init(_ texts: [[Int]], _ numbers: some Sequence<Int>) {
        var last: [Int] = []
        for number in numbers {
            let tokens = texts[number]
            let common = zip(last, tokens).prefix { $0 == $1 }.count
            // Both read the last token in common, since each predicts another after it.
            let positions = max(0, common - 1)..<tokens.count - 1
            var parent = positions.lowerBound > 0 ? branches.count - 1 : nil
            while let branch = parent, branches[branch].positions.lowerBound >= positions.lowerBound {
                parent = branches[branch].parent
            }
            branches.append(Branch(text: number, tokens: tokens, positions: positions, parent: parent))
            last = tokens
        }
    }
}
