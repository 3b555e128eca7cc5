import FoundationEssentials

/// Why a checkpoint cannot be read or used.
public enum CheckpointError: Error, Equatable {
    case unreadable(path: String, reason: String)
    /// The file breaks a rule of its format.
    case malformed(path: String, reason: String)
    /// A Torch file (`.t7`) that breaks a rule of its format.
    case malformedTorch(path: String, reason: String)
    /// A Torch file with something else than a model of char-rnn or torch-rnn.
    case foreign(path: String, reason: String)
    /// A state dictionary of PyTorch that holds something else than one recurrent module and a decoder.
    case stateDictionary(path: String, reason: String)
    /// A state dictionary of a GRU, of which nobody has said whether its equations are those of
    /// ``Checkpoint/writePyTorch(to:)`` or torch.nn.GRU's, which are others.
    case ambiguousGRU(path: String)
    /// A tensor that the model needs is not there.
    case missing(path: String, tensor: String)
    case shape(path: String, tensor: String, found: [Int], expected: [Int])
    /// A safetensors file without this program's metadata, or with a part that cannot be understood.
    case metadata(path: String, reason: String)
    /// The checkpoint has weights only, so there is no run to continue.
    case noTraining
    /// The run was made with other data or sizes.
    case otherData(String)
}

extension CheckpointError: CustomStringConvertible {
    public var description: String {
        onOneLine(([facts] + (recoverySuggestion.map { [$0] } ?? [])).joined(separator: "; "))
    }

    // With names that are the file's own.
    private var facts: String {
        switch self {
        case .unreadable(let path, let reason): "cannot read the checkpoint \(path): \(reason)"
        case .malformed(let path, let reason): "\(path) is not a safetensors file: \(reason)"
        case .malformedTorch(let path, let reason): "\(path) is a Torch file that cannot be read: \(reason)"
        case .foreign(let path, let reason): "\(path) is no model of char-rnn or torch-rnn: \(reason)"
        case .stateDictionary(let path, let reason): "\(path) cannot become a checkpoint: \(reason)"
        case .ambiguousGRU(let path):
            "\(path) cannot become a checkpoint: its layers are a GRU, and torch.nn.GRU's equations are others"
        case .missing(let path, let tensor): "\(path) has no tensor '\(tensor)'"
        case .shape(let path, let tensor, let found, let expected):
            "\(path): the tensor '\(tensor)' has the shape \(found), the model needs \(expected)"
        case .metadata(let path, let reason): "\(path) is no checkpoint of char-rnn: \(reason)"
        case .noTraining: "the checkpoint holds weights without a training state"
        case .otherData(let difference): "the run cannot be resumed on this data: \(difference)"
        }
    }
}

extension CheckpointError: LocalizedError {
    /// What has happened, without what to do about it.
    public var failureReason: String? { onOneLine(facts) }

    /// What to do about it, where more can be said than what has happened.
    public var recoverySuggestion: String? {
        switch self {
        case .noTraining, .otherData: "start a new run from its weights instead"
        case .ambiguousGRU: "give the cell as gru if the module is that of model.py"
        default: nil
        }
    }

    public var errorDescription: String? { description }
}
