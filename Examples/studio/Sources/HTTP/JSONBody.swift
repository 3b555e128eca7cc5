import FoundationEssentials
import Hummingbird
import NIOCore

/// What a request asks for, in JSON.
protocol Asked: Decodable, Sendable {
    /// - Throws: ``Refusal`` when it is more than may be asked for.
    func check(_ limits: Limits) throws
}

extension StudioServer {
    /// Reads the body of a request, which stays in it.
    ///
    /// - Throws: ``Refusal`` when it is too large or too slow, no JSON, or not what is asked for here.
    func read<Value: Asked>(_ type: Value.Type, from request: inout Request) async throws -> Value {
        let type = request.headers[.contentType] ?? ""
        // Browsers send this from other sites only after asking, and they are not answered.
        guard type.split(separator: ";").first?.lowercased() == "application/json" else {
            throw Refusal(.unsupportedMediaType, "the Content-Type \(type.prefix(100))", "it must be application/json")
        }
        let size = request.headers[.contentLength].flatMap { Int($0) } ?? 0
        var bytes = ByteBuffer()
        do {
            let (body, limit) = (request.body, limits.bodyBytes)
            if size > limit { throw NIOTooManyBytesError(maxBytes: limit) }
            let read = try await limited(seconds: limits.bodySeconds, grace: 0) { try await body.collect(upTo: limit) }
            guard case .value(let all) = read else {
                throw Refusal(
                    .requestTimeout, "the body", "it did not arrive within \(limits.bodySeconds) seconds")
            }
            bytes = all
        } catch is NIOTooManyBytesError {
            throw Refusal(.contentTooLarge, "the body", "it may have \(limits.bodyBytes) bytes")
        }
        request.body = .init(buffer: bytes)
        let value: Value
        do { value = try JSONDecoder().decode(Value.self, from: Data(bytes.readableBytesView)) } catch {
            throw Refusal(decoding: error)
        }
        try value.check(limits)
        return value
    }
}

extension Refusal {
    /// What was not as it should be in a JSON text, and where.
    fileprivate init(decoding error: any Error) {
        func place(_ path: [any CodingKey], _ key: (any CodingKey)? = nil) -> String {
            (path + (key.map { [$0] } ?? [])).map(\.stringValue).joined(separator: ".")
        }
        switch error {
        case DecodingError.keyNotFound(let key, let context):
            self.init(.badRequest, place(context.codingPath, key), "it is missing")
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
            self.init(.badRequest, place(context.codingPath), context.debugDescription)
        case DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty:
            self.init(.badRequest, place(context.codingPath), context.debugDescription)
        case DecodingError.dataCorrupted(let context):
            let reason = context.underlyingError.map { ": \($0)" } ?? ""
            self.init(.badRequest, "the body", "it is no JSON" + reason)
        default: self.init(.badRequest, "the body", "\(error)")
        }
    }
}

/// Any key of an object.
private struct AnyKey: CodingKey {
    let stringValue: String
    init(stringValue: String) { self.stringValue = stringValue }
    var intValue: Int? { nil }
    init?(intValue: Int) { nil }
}

extension Decoder {
    /// A container whose keys are all known: what somebody wrote is used or refused, never ignored.
    func strictContainer<Key: CodingKey & CaseIterable & RawRepresentable<String>>(
        keyedBy keys: Key.Type
    ) throws -> KeyedDecodingContainer<Key> {
        let known = Key.allCases.map(\.rawValue)
        for key in try container(keyedBy: AnyKey.self).allKeys where !known.contains(key.stringValue) {
            let reason = "there is no \"\(key.stringValue.prefix(100))\"; there are \(known.joined(separator: ", "))"
            throw DecodingError.dataCorrupted(.init(codingPath: codingPath + [key], debugDescription: reason))
        }
        return try container(keyedBy: Key.self)
    }
}
