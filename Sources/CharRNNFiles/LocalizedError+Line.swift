import FoundationEssentials

extension LocalizedError {
    /// What has happened and, where more can be said, what to do about it.
    package var line: String { [failureReason, recoverySuggestion].compactMap(\.self).joined(separator: "; ") }
}
