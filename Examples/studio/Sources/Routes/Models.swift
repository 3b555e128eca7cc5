import CharRNN
import Hummingbird

extension StudioServer {
    /// `GET /models`, and with `?name=` what one of them is, which gets it ready to write.
    func models(_ request: Request) async throws -> Response {
        guard let name = request.uri.queryParameters["name"] else {
            return try .json(["models": folder.models()])
        }
        return try .json(ModelFacts(try await shelf.model(named: String(name)).model))
    }
}

/// What a model is.
private struct ModelFacts: Encodable {
    let cell: String
    let layers, hiddenSize, vocabularySize, parameters: Int
    /// What counts as a character: "scalars", "bytes" or "characters".
    let tokens: String
    let device: String

    init(_ model: LanguageModel) {
        let configuration = model.configuration
        cell = "\(configuration.cell)"
        layers = configuration.layerCount
        hiddenSize = configuration.hiddenSize
        vocabularySize = configuration.vocabulary.count
        parameters = model.parameterCount
        tokens = configuration.vocabulary.kind.rawValue
        device = model.device.id
    }
}
