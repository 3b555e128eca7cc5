import FoundationEssentials

/// A state that a model cannot take.
public enum StateError: Error, Equatable, CustomStringConvertible {
    /// `hidden` or `memory` of ``LanguageModel/State`` has other sizes: how many numbers it has for each layer, and how many
    /// the model needs.
    case sizes(name: String, found: [Int], expected: [Int])
    /// `hidden` or `memory` has NaN or infinity in a layer.
    case notFinite(name: String, layer: Int)
    /// The state is of another model of the same sizes, or of this one before it was trained.
    case otherModel
    /// The bytes are no state: they begin with others.
    case noState
    /// The state was written in a newer form than this version reads.
    case version(found: Int, readable: Int)
    /// So many bytes, where their beginning announces another number; nil when even the beginning is not whole.
    case length(found: Int, expected: Int?)
    /// The bytes are not those that were written.
    case damaged

    public var description: String {
        switch self {
        case .sizes(let name, let found, let expected):
            "the state is of another model: its layers have \(found) numbers as '\(name)', the model's \(expected)"
        case .notFinite(let name, let layer):
            "the state has NaN or infinity, no numbers, in layer \(layer) of '\(name)'"
        case .otherModel:
            "the state is of another model, or of this one before it was trained; feed the text that it stands for again"
        case .noState:
            "these bytes are no state: State.bytes writes them, and they begin with \"CRNNstat\""
        case .version(let found, let readable):
            "the state has version \(found), and this version of the library reads \(readable); take a newer one"
        case .length(let found, let expected):
            "the state has \(found) bytes" + (expected.map { ", and it should have \($0)" } ?? ", not even a beginning")
                + ": it was cut or joined with something"
        case .damaged:
            "the state is damaged: its bytes do not have the checksum that it was written with"
        }
    }
}

extension StateError: LocalizedError {
    public var errorDescription: String? { description }
}

extension LanguageModel {
    /// - Throws: ``StateError`` for a state that is none of a single text read by this model; `DeviceError`.
    func check(_ state: State) throws {
        let zero = zeroState()
        for (name, values, zeros) in [("hidden", state.hidden, zero.hidden), ("memory", state.memory, zero.memory)] {
            let (found, expected) = (values.map(\.count), zeros.map(\.count))
            guard found == expected else { throw StateError.sizes(name: name, found: found, expected: expected) }
            if let layer = values.firstIndex(where: { !$0.allSatisfy(\.isFinite) }) {
                throw StateError.notFinite(name: name, layer: layer)
            }
        }
        if let fingerprint = state.modelFingerprint, try fingerprint != self.fingerprint() {
            throw StateError.otherModel
        }
    }
}
