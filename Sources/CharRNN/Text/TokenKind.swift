/// What counts as one character of the model.
public enum TokenKind: String, Codable, CaseIterable, Sendable {
    /// Unicode scalars, as Python counts them; on ASCII text the same as char-rnn's bytes.
    case scalars
    /// Bytes, as in char-rnn itself. Any file can be read.
    case bytes
    /// Grapheme clusters, Swift's `Character`: an emoji with modifiers is one token, and so is CR LF.
    case characters
}
