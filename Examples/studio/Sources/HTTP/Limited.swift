import ServiceLifecycle

/// How something came to its end that may not go on for ever.
enum Limited<Value: Sendable>: Sendable {
    case value(Value)
    /// Its time was over.
    case time
    /// The server is being ended.
    case shutdown
}

/// Cancels what takes longer than it may.
///
/// - Parameters:
///   - seconds: that it may take; nil for any time.
///   - grace: the seconds that it may go on once the server is to end.
/// - Throws: what the operation throws.
func limited<Value: Sendable>(
    seconds: Int?, grace: Int, _ operation: () async throws -> Value
) async throws -> Limited<Value> {
    try await withoutActuallyEscaping(operation) { operation in
        // The group is over before this function is.
        nonisolated(unsafe) let operation = operation
        return try await withThrowingTaskGroup(of: Limited<Value>.self) { group in
            group.addTask { .value(try await operation()) }
            if let seconds {
                group.addTask {
                    try await Task.sleep(for: .seconds(seconds))
                    return .time
                }
            }
            group.addTask {
                try await gracefulShutdown()
                try await Task.sleep(for: .seconds(grace))
                return .shutdown
            }
            defer { group.cancelAll() }
            return try await group.next()!
        }
    }
}
