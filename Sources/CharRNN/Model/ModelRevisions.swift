import CharRNNFiles
import FoundationEssentials
import Synchronization

/// How often the parameters of a model have changed, by which those who count on them notice that they have.
final class ModelRevisions: Sendable {
    private struct Current {
        var number = 0
        /// Computed when it is first asked for.
        var fingerprint: String?
    }

    private let current = Mutex(Current())

    var number: Int { current.withLock(\.number) }

    /// Announces a change to who has seen the revision `number`, and returns the number of the new one; nil when somebody
    /// else has changed the parameters since.
    func advance(from number: Int) -> Int? {
        current.withLock { current in
            guard current.number == number else { return nil }
            current = Current(number: number + 1)
            return current.number
        }
    }

    /// Forgets the fingerprint, when parameters were replaced and the revision stays.
    func forgetFingerprint() { current.withLock { $0.fingerprint = nil } }

    /// The fingerprint of the parameters of now.
    func fingerprint(_ compute: () throws -> String) rethrows -> String {
        try current.withLock { current in
            if let known = current.fingerprint { return known }
            let fingerprint = try compute()
            current.fingerprint = fingerprint
            return fingerprint
        }
    }
}

extension LanguageModel {
    /// A checksum of all that decides what a state means: the cell, the sizes, the vocabulary and the parameters. Equal
    /// models have equal ones, on whatever devices and through files. The first call after a change reads the parameters.
    /// A ``State`` has that of its model as ``State/modelFingerprint``.
    ///
    /// - Throws: `DeviceError`.
    public func fingerprint() throws -> String {
        try revisions.fingerprint {
            var configuration = configuration
            configuration.dropout = 0
            var hash = ContentHash()
            try JSON.data(configuration).withUnsafeBytes { hash.update($0) }
            try parameterValues().withUnsafeBytes { hash.update($0) }
            return String(hash.value, radix: 16)
        }
    }
}

/// A model whose parameters are no longer those with which somebody has begun.
public enum ChangedModelError: Error, Equatable, CustomStringConvertible {
    /// A session has read with other parameters than the model has now, since it was trained in between.
    case session
    /// Another trainer has changed the model since this one's last step.
    case trainer

    public var description: String {
        switch self {
        case .session:
            "the model was trained after this session had begun, and what the session remembers is of the old parameters; "
                + "reset the session, or give it a model of its own: LanguageModel(copying:)"
        case .trainer:
            "another trainer has changed the model of this one; train a copy: LanguageModel(copying:)"
        }
    }
}

extension ChangedModelError: LocalizedError {
    public var errorDescription: String? { description }
}
