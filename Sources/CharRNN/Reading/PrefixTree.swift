/// Texts by the beginnings that they have in common, so that each of those is read once: of "the" and "then" the second reads
/// nothing, since the first has read "the", which is all that "n" is predicted from.
struct PrefixTree {
    /// One text, and what of it is read for its own sake.
    struct Branch {
        /// The number of the text.
        let text: Int
        let tokens: [Int]
        /// The positions at which it reads a token, if any: from the first on that the texts before it have not in common with
        /// it, and to the last but one, or to where a branch of it begins.
        fileprivate(set) var positions: Range<Int>
        /// The number of the branch that reads the position before those, from which this one has its state and its first
        /// prediction; nil where that is the start.
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
            let common = zip(last, tokens).lazy.prefix { $0 == $1 }.count
            // Something is left to be predicted, also where another text is the same.
            let first = min(common, tokens.count - 1)
            var parent = first > 0 ? branches.count - 1 : nil
            while let branch = parent, branches[branch].positions.lowerBound >= first {
                parent = branches[branch].parent
            }
            if let parent {
                let positions = branches[parent].positions
                branches[parent].positions = positions.lowerBound..<max(positions.upperBound, first)
            }
            branches.append(
                Branch(text: number, tokens: tokens, positions: first..<tokens.count - 1, parent: parent))
            last = tokens
        }
    }
}
