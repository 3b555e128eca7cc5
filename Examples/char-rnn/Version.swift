import BuildCommit

/// What `--version` prints.
enum Version {
    /// The one place where it stands. Examples/Packaging/bundle reads it in this line.
    static let number = "1.0.0-dev"

    /// "char-rnn 1.0.0 (commit 0123456789ab)".
    static let description: String = {
        let commit = String(cString: build_commit)
        guard !commit.isEmpty else { return "char-rnn \(number)" }
        return "char-rnn \(number) (commit \(commit.prefix(12))\(commit.hasSuffix("+") ? ", with changes" : ""))"
    }()
}
