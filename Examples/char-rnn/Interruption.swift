import ArgumentParser
import Dispatch
import Glibc
import Synchronization

/// The signals with which people and systems end a program. They only ask it to end: it saves first, however often it is
/// asked.
enum Interruption {
    /// By number. SIGHUP is sent when the terminal is closed.
    private static let names = [SIGINT: "SIGINT", SIGTERM: "SIGTERM", SIGHUP: "SIGHUP", SIGQUIT: "SIGQUIT"]

    private struct State {
        /// The first signal that came.
        var received: Int32?
        var reaction: (@Sendable () -> Void)?
    }
    private static let state = Mutex(State())
    /// Where the handler writes the number of a signal, since a handler may do little else.
    private static let pipe = Atomic<Int32>(-1)

    /// The signal that came, if one did.
    static var received: Int32? { state.withLock { $0.received } }

    /// Catches the signals from now on.
    ///
    /// - Parameter acknowledge: called on a thread of its own as soon as one comes, with its number, its name, and whether
    ///   it is the first.
    static func watch(_ acknowledge: @escaping @Sendable (_ number: Int32, _ name: String, _ isFirst: Bool) -> Void) {
        var ends: [Int32] = [-1, -1]
        guard Glibc.pipe(&ends) == 0 else { return }
        pipe.store(ends[1], ordering: .relaxed)
        DispatchQueue(label: "signals").async { [reading = ends[0]] in
            var number: UInt8 = 0
            while read(reading, &number, 1) == 1 || errno == EINTR {
                take(Int32(number), acknowledge)
            }
        }
        catchSignals()
    }

    /// Has a signal call `reaction` as well, at once when it has come already.
    static func react(_ reaction: @escaping @Sendable () -> Void) {
        let hasCome = state.withLock { state in
            state.reaction = reaction
            return state.received != nil
        }
        if hasCome { reaction() }
    }

    /// Does work in a task, which a signal cancels.
    ///
    /// - Throws: what it throws, and after a signal the status of a program that one has ended.
    static func interruptible<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) throws -> Value {
        let isDone = DispatchSemaphore(value: 0)
        // Written before the signal of the semaphore, read after the wait for it.
        nonisolated(unsafe) var outcome: Result<Value, any Error>?
        let task = Task.detached {
            outcome = Result { try work() }
            isDone.signal()
        }
        react { task.cancel() }
        isDone.wait()
        try throwIfReceived()
        return try outcome!.get()
    }

    /// - Throws: after a signal the status of a program that one has ended.
    static func throwIfReceived() throws {
        if let received { throw ExitCode(128 + received) }
    }

    private static func take(_ number: Int32, _ acknowledge: (Int32, String, Bool) -> Void) {
        let (isFirst, reaction) = state.withLock { state in
            let isFirst = state.received == nil
            if isFirst { state.received = number }
            return (isFirst, state.reaction)
        }
        acknowledge(number, names[number] ?? "signal \(number)", isFirst)
        reaction?()
    }

    private static func catchSignals() {
        // Whoever started us may have had them blocked, which is inherited.
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in names.keys where !isIgnored(number) {
            sigaddset(&signals, number)
            signal(number) { number in
                let code = errno
                var byte = UInt8(truncatingIfNeeded: number)
                write(Interruption.pipe.load(ordering: .relaxed), &byte, 1)
                errno = code
            }
        }
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    }

    /// As whoever started us has it, and it then stays: nohup for SIGHUP, and a script for SIGINT and SIGQUIT of what it
    /// runs in the background.
    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        sigaction(number, nil, &action)
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
    }
}
