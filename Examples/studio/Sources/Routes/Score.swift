import CharRNN
import Glibc
import Hummingbird

extension StudioServer {
    /// `POST /score`: how well a model predicts a text.
    func score(_ request: Request) async throws -> Response {
        var request = request
        let asked = try await read(ScoreRequest.self, from: &request)
        let model = try await shelf.model(named: asked.model).model
        let text = try model.vocabulary.encode(asked.text)
        let beginning = try model.vocabulary.encode(asked.prompt)
        let logarithms = try await compute(for: request) {
            var session = try model.makeSession()
            try session.feed(beginning)
            return try model.logProbabilities(of: text, after: session)
        }
        traffic.scored(text.count)
        return try .json(
            ScoreAnswer(asked.model, characters: text.count, logarithms, tellsAll: asked.logProbabilities), ends: true)
    }
}

private struct ScoreRequest: Asked {
    let model, text, prompt: String
    let logProbabilities: Bool

    enum Key: String, CodingKey, CaseIterable { case model, text, prompt, logProbabilities }

    init(from decoder: any Decoder) throws {
        let container = try decoder.strictContainer(keyedBy: Key.self)
        model = try container.decode(String.self, forKey: .model)
        text = try container.decode(String.self, forKey: .text)
        prompt = try container.decodeIfPresent(String.self, forKey: .prompt) ?? ""
        logProbabilities = try container.decodeIfPresent(Bool.self, forKey: .logProbabilities) ?? false
    }

    func check(_ limits: Limits) throws {
        try Refusal.check("text", length: text, limits.scoredLength)
        try Refusal.check("prompt", length: prompt, limits.promptLength)
    }
}

private struct ScoreAnswer: Encodable {
    let model: String
    /// Those of the text, and those of them that were predicted: all but the first, unless there is a prompt.
    let characters, predicted: Int
    /// None where nothing was predicted.
    let natsPerCharacter, bitsPerCharacter: Double?
    let logProbabilities: [Double]?

    init(_ model: String, characters: Int, _ logarithms: [Double], tellsAll: Bool) {
        self.model = model
        self.characters = characters
        predicted = logarithms.count
        natsPerCharacter = logarithms.isEmpty ? nil : -logarithms.reduce(0, +) / Double(logarithms.count)
        bitsPerCharacter = natsPerCharacter.map { $0 / log(2) }
        logProbabilities = tellsAll ? logarithms : nil
    }
}
