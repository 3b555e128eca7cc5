import CharRNN
import CharRNNMPI
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
        case CheckpointError.otherWeights:
            "; 'char-rnn convert --from pytorch' makes a checkpoint of a state dictionary of PyTorch"
        case CheckpointError.noTraining: "; start from it with --init-from instead"
        case CheckpointError.otherData: "; start from its weights with --init-from instead"
        case CheckpointError.ambiguousCell(_, .gru): "; --cell gru if it is model.py's"
        case CheckpointError.ambiguousCell(_, let cell):
            "; --cell \(cell) if it is of tanh (torch.nn.RNN's default), one of relu cannot become a checkpoint"
        case TrainingRunError.hasEnded: "; raise --max-epochs to go on"
        case TrainingRunError.cannotMakeFolder: "; name another with --checkpoint-dir"
        case TrainingRunError.cannotWrite: "; name another folder with --checkpoint-dir"
        case TrainingRunError.folderInUse: "; wait for it, stop it, or name another folder with --checkpoint-dir"
        case TrainingRunError.labelTooLong: "; choose a shorter --label"
        case TrainingRunError.nameTaken: "; choose another --label"
        case MPIError.notBuilt: "; build one with: make mpi"
        case MPIError.otherLauncher:
            "; start them with its own mpirun (Debian: mpirun.openmpi, mpirun.mpich), or build for the other with: "
                + "make mpi MPI=ompi-c, or MPI=mpich"
        case TextError.allRare: "; make --min-frequency smaller"
        case TextError.noDocuments(_, _, documents: 1):
            "; choose another --document-separator, of a text with lines as on Windows '\\r\\n\\r\\n'"
        case let error as TextError: error.conversion.map { "; \($0); or read it as it is with --tokens bytes" }
        default: nil
        }
    }
}
