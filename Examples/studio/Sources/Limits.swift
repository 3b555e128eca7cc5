/// What may be asked for, so that no client takes the server from the others.
struct Limits: Sendable {
    /// Requests that are worked on at once.
    var clients = 128
    /// Characters that a text may have.
    var length = 10_000
    /// Seconds that an answer may take.
    var seconds = 120

    /// Of the body of a request, and the seconds within which it has to arrive.
    let bodyBytes = 1 << 20
    let bodySeconds = 10
    /// Seconds that a connection may be at rest, or take for the head of a request.
    let idleSeconds = 15
    /// Seconds that answers may go on once the server is to end, or that a client may take to read the end of one.
    let graceSeconds = 3

    /// Characters of a text to continue, to score, and to explain.
    let promptLength = 10_000
    let scoredLength = 200_000
    let explainedLength = 50_000
    /// Strings to end before, and the characters of one.
    let stops = 16
    let stopLength = 200
    /// The likeliest characters that are told of each.
    let alternatives = 20
    /// The histories that are watched by one client.
    let watchedFolders = 32
    /// Models in memory, and the texts that each writes side by side.
    let models = 4
    let texts = 64
}
