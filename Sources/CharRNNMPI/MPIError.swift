import FoundationEssentials

/// Why processes cannot train together.
public enum MPIError: Error, Equatable {
    /// The program was built without the trait `MPI` of this package.
    case notBuilt
    /// MPI does not start, or allows no other thread than the first to call it.
    case notStarted
    /// `count` processes were started by `launcher`, whose messages `library` does not understand: each would be alone.
    case otherLauncher(String, count: Int, library: String)
}

extension MPIError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notBuilt: "this program was built without MPI"
        case .notStarted: "MPI does not start"
        case .otherLauncher(let launcher, let count, let library):
            "\(count) processes were started by \(launcher), but this program was built with \(library), so each would "
                + "train alone"
        }
    }
}

extension MPIError: LocalizedError {
    public var errorDescription: String? { description }
    public var failureReason: String? { description }
}
