/// The tokens that were read last. The oldest are forgotten now and then, so that an endless text needs no more memory.
struct RecentTokens: Sendable {
    /// How many there are at most.
    static let limit = 256
    private var history: [Int] = []

    /// The last of all at the end.
    var tokens: ArraySlice<Int> { history.suffix(Self.limit) }

    mutating func append(_ token: Int) {
        if history.count == 2 * Self.limit { history.removeFirst(Self.limit) }
        history.append(token)
    }
}
