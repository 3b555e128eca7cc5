import CharRNN
import FoundationEssentials

/// What to do about an error in the words of the command line, which the libraries do not know.
enum Hints {
    /// The line that the command prints of an error: the facts and what to do.
    static func message(of error: any Error) -> String {
        guard let hint = hint(for: error), let facts = (error as? any LocalizedError)?.failureReason else {
            return "\(error)"
        }
        return facts + hint
    }

    /// Nil where the error's own advice is as good.
    private static func hint(for error: any Error) -> String? {
        switch error {
        case DeviceError.noSuchDevice: " (list them with: char-rnn devices)"
        case DeviceError.callFailed(_, let status, _) where status.meaning == nil:
            "; see whether char-rnn devices --check passes, and use another device meanwhile"
        case CheckpointError.noTraining: "; start from it with --init-from instead"
        case CheckpointError.otherData: "; start from its weights with --init-from instead"
        case CheckpointError.ambiguousGRU: "; --cell gru if it is model.py's"
        case let error as TextError: error.conversion.map { "; read it as bytes (--tokens bytes) or \($0)" }
        default: nil
        }
    }
}
