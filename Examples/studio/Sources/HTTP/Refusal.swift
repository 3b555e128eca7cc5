import CharRNN
import FoundationEssentials
import Hummingbird

/// A request that is not answered: what is wrong, and why.
struct Refusal: Error {
    let status: HTTPResponse.Status
    /// What the request has, such as `sampling.topP`.
    let what: String
    /// Why that cannot be answered, and what can.
    let why: String

    init(_ status: HTTPResponse.Status, _ what: String, _ why: String) {
        (self.status, self.what, self.why) = (status, what, why)
    }
}

extension Refusal {
    /// Why an answer could not be made.
    init(of error: any Error) {
        switch error {
        case let refusal as Refusal: self = refusal
        case let error as HTTPError: self.init(error.status, "the request", error.body ?? error.status.reasonPhrase)
        case is CancellationError: self.init(.serviceUnavailable, "the server", "it is being ended")
        case is VocabularyError: self.init(.unprocessableContent, "the text", "\(error)")
        case is DeadEndError, is BrokenModelError: self.init(.unprocessableContent, "the model", "\(error)")
        default: self.init(.internalServerError, "the server", "\(error)")
        }
    }
}

extension Refusal {
    /// - Throws: ``Refusal`` for a text that is too long.
    static func check(_ what: String, length text: String, _ limit: Int) throws {
        let count = text.unicodeScalars.count
        guard count <= limit else {
            throw Refusal(.unprocessableContent, what, "it has \(count) characters, and may have \(limit)")
        }
    }
}

extension Refusal: Encodable {
    private enum Key: CodingKey { case error, status, what, why }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        var error = container.nestedContainer(keyedBy: Key.self, forKey: .error)
        try error.encode(status.code, forKey: .status)
        try error.encode(what, forKey: .what)
        try error.encode(why, forKey: .why)
    }
}

extension Response {
    /// A value as JSON.
    static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok, ends: Bool = false) throws -> Response
    {
        var headers: HTTPFields = [.contentType: "application/json", .cacheControl: "no-store"]
        if ends { headers[.connection] = "close" }
        return Response(
            status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: try jsonBytes(value))))
    }
}

/// JSON on one line.
func jsonBytes(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(value)
}
