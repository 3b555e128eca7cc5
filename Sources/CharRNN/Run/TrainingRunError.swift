import FoundationEssentials

/// Why a ``TrainingRun`` cannot begin, or a checkpoint of it cannot be written.
public enum TrainingRunError: Error, Equatable {
    /// A run that is to be continued has taken all steps that it may.
    case hasEnded(iteration: Int, last: Int)
    /// The folder is not there and cannot be made.
    case cannotMakeFolder(path: String, reason: String)
    /// Nothing can be written into the folder.
    case cannotWrite(path: String, reason: String)
    /// Another run is writing into the folder; `holder` is what it says of itself.
    case folderInUse(path: String, holder: String)
    /// The file system does not take names as long as this run's would be; it would with a label of `limit` bytes.
    case labelTooLong(String, bytes: Int, limit: Int)
    /// Another file has the checkpoint's name and cannot be kept under a second one.
    case nameTaken(path: String)
}

extension TrainingRunError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .hasEnded(let iteration, let last):
            "the run has reached iteration \(iteration)\(iteration > last ? ", and \(last) is its last" : " of \(last)")"
        case .cannotMakeFolder(let path, let reason): "cannot make the folder \(path) for checkpoints: \(reason)"
        case .cannotWrite(let path, let reason): "cannot write into \(path): \(reason)"
        case .folderInUse(let path, let holder):
            "another run\(holder.isEmpty ? "" : " (\(onOneLine(holder)))") is writing into \(path)"
        case .labelTooLong(let label, let bytes, let limit):
            "the label '\(onOneLine(label))' has \(bytes) bytes, and names of checkpoints have room for \(limit)"
        case .nameTaken(let path): "\(path) is of another run, and cannot be kept under another name"
        }
    }
}

extension TrainingRunError: LocalizedError {
    public var errorDescription: String? { description }
    public var failureReason: String? { description }
}
