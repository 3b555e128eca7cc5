import FoundationEssentials
import Hummingbird

/// An event as a browser's `EventSource` reads it.
struct ServerSentEvent: Sendable {
    let bytes: ByteBuffer

    /// - Parameters:
    ///   - name: nil for a "message".
    ///   - data: without line breaks.
    init(_ name: String? = nil, data: Data) {
        var bytes = ByteBuffer()
        if let name { bytes.writeString("event: \(name)\n") }
        bytes.writeString("data: ")
        bytes.writeBytes(data)
        bytes.writeString("\n\n")
        self.bytes = bytes
    }

    init(_ name: String? = nil, _ value: some Encodable) throws { self.init(name, data: try jsonBytes(value)) }

    /// Nothing, by which a connection whose other end is gone is found out.
    static let keepAlive = ServerSentEvent(comment: "")

    private init(comment: String) { bytes = ByteBuffer(string: ":\(comment)\n\n") }
}

extension Response {
    /// A stream of events.
    ///
    /// - Parameter body: writes them, by what it is given, which waits for a slow reader.
    static func events(
        _ body: @escaping @Sendable (_ write: (ServerSentEvent) async throws -> Void) async throws -> Void
    ) -> Response {
        Response(
            status: .ok,
            headers: [.contentType: "text/event-stream", .cacheControl: "no-store", .connection: "close"],
            body: ResponseBody { writer in
                try await body { try await writer.write($0.bytes) }
                try await writer.finish(nil)
            })
    }
}
