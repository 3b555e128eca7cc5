import CharRNNFiles
import FoundationEssentials
import OpenCLCompute

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
    /// A state dictionary whose shapes are those of a cell, but do not tell the equations: torch.nn.GRU's are others than
    /// those of ``Checkpoint/writePyTorch(to:)``, and torch.nn.RNN may have tanh or relu. Nobody has said which.
    case ambiguousCell(path: String, RecurrentCell)
    /// A tensor that the model needs is not there.
    case missing(path: String, tensor: String)
    case shape(path: String, tensor: String, found: [Int], expected: [Int])
    /// Weights that another program has written, without what a checkpoint says of them. If they are a state dictionary of
    /// PyTorch, ``Checkpoint/init(pyTorch:vocabulary:order:cell:)`` reads them.
    case otherWeights(path: String, reason: String)
    /// A file of another kind, or a checkpoint with a part that cannot be understood.
    case metadata(path: String, reason: String)
    /// The checkpoint has weights only, so there is no run to continue.
    case noTraining
    /// The run was made with other data or sizes.
    case otherData(String)
}

extension CheckpointError: CustomStringConvertible {
    public var description: String { line }

    // With names that are the file's own.
    private var facts: String {
        switch self {
        case .unreadable(let path, let reason): "cannot read the checkpoint \(path): \(reason)"
        case .malformed(let path, let reason): "\(path) is not a safetensors file: \(reason)"
        case .malformedTorch(let path, let reason): "\(path) is a Torch file that cannot be read: \(reason)"
        case .foreign(let path, let reason): "\(path) is not a model of char-rnn or torch-rnn: \(reason)"
        case .stateDictionary(let path, let reason): "\(path) cannot become a checkpoint: \(reason)"
        case .ambiguousCell(let path, .gru):
            "\(path) cannot become a checkpoint: its layers are a GRU, and torch.nn.GRU's equations are others"
        case .ambiguousCell(let path, let cell):
            "\(path) cannot become a checkpoint: its layers are of \(cell.title), of which no file tells whether it is of "
                + "tanh or relu"
        case .missing(let path, let tensor): "\(path) has no tensor '\(tensor)'"
        case .shape(let path, let tensor, let found, let expected):
            "\(path): the tensor '\(tensor)' has the shape \(found), the model needs \(expected)"
        case .otherWeights(let path, let reason), .metadata(let path, let reason):
            "\(path) is not a checkpoint of char-rnn: \(reason)"
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
        case .otherWeights: "read a state dictionary of PyTorch as such, with its vocabulary"
        case .noTraining, .otherData: "start a new run from its weights instead"
        case .ambiguousCell(_, .gru): "give the cell as gru if the module is that of model.py"
        case .ambiguousCell(_, let cell):
            "give the cell as \(cell) if it is of tanh, torch.nn.RNN's default; one of relu cannot become a checkpoint"
        default: nil
        }
    }

    public var errorDescription: String? { description }
}
