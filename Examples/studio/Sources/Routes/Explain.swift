import CharRNN
import Hummingbird
import ModelExplanation

extension StudioServer {
    /// `POST /explain`: the page of `char-rnn explain`.
    func explain(_ request: Request) async throws -> Response {
        var request = request
        let asked = try await read(ExplainRequest.self, from: &request)
        let model = try await shelf.model(named: asked.model).model
        let text = try model.vocabulary.encode(asked.text)
        guard text.count > 1 else {
            throw Refusal(.unprocessableContent, "text", "it must have two characters or more")
        }
        let page = try await compute(for: request) {
            let explanation = try Explanation(of: model, reading: text, name: asked.model, source: asked.source)
            return ByteBuffer(bytes: try explanation.page())
        }
        return Response(
            status: .ok,
            headers: [.contentType: "text/html; charset=utf-8", .cacheControl: "no-store", .connection: "close"],
            body: .init(byteBuffer: page))
    }
}

private struct ExplainRequest: Asked {
    let model, text, source: String

    enum Key: String, CodingKey, CaseIterable { case model, text, source }

    init(from decoder: any Decoder) throws {
        let container = try decoder.strictContainer(keyedBy: Key.self)
        model = try container.decode(String.self, forKey: .model)
        text = try container.decode(String.self, forKey: .text)
        source = try container.decodeIfPresent(String.self, forKey: .source) ?? "a text"
    }

    func check(_ limits: Limits) throws {
        try Refusal.check("text", length: text, limits.explainedLength)
        try Refusal.check("source", length: source, 200)
    }
}
