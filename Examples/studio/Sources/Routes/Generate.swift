import CharRNN
import Hummingbird

extension StudioServer {
    /// `POST /generate`: a text, whole or as it is written.
    func generate(_ request: Request) async throws -> Response {
        var request = request
        let asked = try await read(GenerateRequest.self, from: &request)
        let served = try await shelf.model(named: asked.model)
        let writing = try Writing(asked, by: served, traffic)
        let (body, limits) = (request.body, limits)
        guard asked.streams else {
            let answer = try await body.consumeWithCancellationOnInboundClose { _ in
                try await writing.whole(within: limits)
            }
            return try .json(answer, ends: true)
        }
        return .events { write in
            // A client that leaves ends its text.
            try await body.consumeWithCancellationOnInboundClose { _ in
                try await writing.stream(within: limits, to: write)
            }
        }
    }
}

/// A text that somebody wants to have.
struct GenerateRequest: Asked {
    let model, prompt: String
    let length: Int
    let stops: [String]
    let sampling: Sampling
    let streams: Bool
    /// How many of the likeliest characters to tell of each.
    let alternatives: Int

    enum Key: String, CodingKey, CaseIterable { case model, prompt, length, stop, sampling, stream, alternatives }

    init(from decoder: any Decoder) throws {
        let container = try decoder.strictContainer(keyedBy: Key.self)
        model = try container.decode(String.self, forKey: .model)
        prompt = try container.decodeIfPresent(String.self, forKey: .prompt) ?? ""
        length = try container.decodeIfPresent(Int.self, forKey: .length) ?? 200
        stops = try container.decodeIfPresent([String].self, forKey: .stop) ?? []
        var sampling = try container.decodeIfPresent(Sampling.self, forKey: .sampling) ?? Sampling()
        // The answer tells the seed, in a number that every reader of JSON can hold.
        sampling.seed = sampling.seed ?? .random(in: 0..<1 << 53)
        self.sampling = sampling
        streams = try container.decodeIfPresent(Bool.self, forKey: .stream) ?? false
        alternatives = try container.decodeIfPresent(Int.self, forKey: .alternatives) ?? 0
    }

    func check(_ limits: Limits) throws {
        func require(_ isRight: Bool, _ what: String, _ why: String) throws {
            guard isRight else { throw Refusal(.unprocessableContent, what, why) }
        }
        try Refusal.check("prompt", length: prompt, limits.promptLength)
        try require((0...limits.length).contains(length), "length \(length)", "it must be 0 to \(limits.length)")
        try require(stops.count <= limits.stops, "stop", "there may be \(limits.stops), and there are \(stops.count)")
        try require(!stops.contains(""), "stop", "one of them is empty")
        for stop in stops { try Refusal.check("stop", length: stop, limits.stopLength) }
        try require(
            (0...limits.alternatives).contains(alternatives), "alternatives \(alternatives)",
            "it must be 0 to \(limits.alternatives)")
    }
}
