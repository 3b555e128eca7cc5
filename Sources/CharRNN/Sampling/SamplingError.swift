import FoundationEssentials

/// A value of ``Sampling`` outside its range.
public struct SamplingError: Error, Equatable, CustomStringConvertible {
    /// The name of the value, such as "topP".
    public let name: String
    /// What it was, as typed or as a number.
    public let value: String
    /// What is right, such as "above 0 and at most 1".
    public let range: String

    public var description: String { "\(name) \(value): it must be \(range)" }

    static func check<Value>(
        _ name: String, _ value: Value?, _ range: String, _ isRight: (Value) -> Bool
    ) throws(SamplingError) {
        if let value, !isRight(value) { throw SamplingError(name: name, value: "\(value)", range: range) }
    }
}

extension SamplingError: LocalizedError {
    public var errorDescription: String? { description }
}

/// Any key of a file.
private struct AnyKey: CodingKey {
    let stringValue: String
    init(stringValue: String) { self.stringValue = stringValue }
    var intValue: Int? { nil }
    init?(intValue: Int) { nil }
}

extension Decoder {
    /// A container whose keys are all known: what somebody wrote is used or refused, never ignored.
    func container<Key: CodingKey & CaseIterable & RawRepresentable<String>>(
        refusingKeysOtherThan keys: Key.Type
    ) throws -> KeyedDecodingContainer<Key> {
        let known = Key.allCases.map(\.rawValue)
        for key in try container(keyedBy: AnyKey.self).allKeys where !known.contains(key.stringValue) {
            let context = DecodingError.Context(
                codingPath: codingPath + [key],
                debugDescription: "there is no \"\(key.stringValue)\"; there are \(known.joined(separator: ", "))")
            throw DecodingError.dataCorrupted(context)
        }
        return try container(keyedBy: Key.self)
    }

    /// Makes an error in the values one of the file.
    func accept(_ check: () throws -> Void) throws {
        do { try check() } catch {
            throw DecodingError.dataCorrupted(.init(codingPath: codingPath, debugDescription: "\(error)"))
        }
    }
}
