import FoundationEssentials

/// A state that a model cannot take, because it is one of another model.
public struct StateError: Error, Equatable, CustomStringConvertible {
    /// `hidden` or `memory` of ``LanguageModel/State``.
    public let name: String
    /// How many numbers the state has for each layer.
    public let found: [Int]
    /// How many the model needs.
    public let expected: [Int]

    public var description: String {
        "the state is of another model: its layers have \(found) numbers as '\(name)', the model's \(expected)"
    }
}

extension StateError: LocalizedError {
    public var errorDescription: String? { description }
}

extension LanguageModel {
    /// - Throws: ``StateError`` for a state that is none of a single text read by this model.
    func checkShape(of state: State) throws {
        let zero = zeroState()
        for (name, values, zeros) in [("hidden", state.hidden, zero.hidden), ("memory", state.memory, zero.memory)] {
            let (found, expected) = (values.map(\.count), zeros.map(\.count))
            guard found == expected else { throw StateError(name: name, found: found, expected: expected) }
        }
    }
}
