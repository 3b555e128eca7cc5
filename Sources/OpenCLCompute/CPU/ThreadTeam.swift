import CPUKernels

/// Threads that wait for the slices of operations; CPUKernels/team.c says how.
///
/// Unchecked for the pointer, a constant whose functions any thread may call.
package final class ThreadTeam: @unchecked Sendable {
    private let team: OpaquePointer?

    /// - Parameter threadCount: with the thread that calls ``run(slices:_:)``.
    package init(threadCount: Int) { team = cpu_team_create(Int32(threadCount)) }

    deinit { cpu_team_free(team) }

    /// Whether the calling thread runs a slice of a team at work, so that the others have theirs; not where it takes all
    /// slices itself.
    package static var isAtWork: Bool { cpu_team_is_at_work() }

    /// Calls `body` with 0 ..< slices, and returns when all calls have.
    package func run(slices: Int, _ body: @Sendable (Int) -> Void) {
        withoutActuallyEscaping(body) { body in
            withUnsafePointer(to: body) { body in
                cpu_team_run(team, slices, UnsafeMutableRawPointer(mutating: body)) { context, slice in
                    context.assumingMemoryBound(to: (@Sendable (Int) -> Void).self).pointee(slice)
                }
            }
        }
    }
}
