import FoundationEssentials

/// A text that cannot go on: a filter, a bias or a condition has ruled out every token.
public struct DeadEndError: Error, Equatable, CustomStringConvertible {
    /// How many tokens had been drawn before.
    public let tokenCount: Int

    public var description: String {
        "no token is left to draw after \(tokenCount) token\(tokenCount == 1 ? "" : "s"): what narrows the choice has "
            + "ruled out all of them; allow more"
    }
}

extension DeadEndError: LocalizedError {
    public var errorDescription: String? { description }
}
