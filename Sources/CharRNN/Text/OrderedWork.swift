import Dispatch
import Glibc

/// Works on the parts of something on several threads: they are taken one at a time, worked on side by side, and given on one
/// at a time in the order in which they were taken, so that what becomes of them does not depend on the threads.
///
/// All three are called with the worker whose part it is; there is a thread for each, and one of them is the caller's.
/// - Parameters:
///   - workers: what each thread has for itself.
///   - take: puts the next part into a worker, and returns false when there is none.
///   - work: the only one that is called by several threads at a time.
///   - give: hands on what has become of the part.
/// - Throws: the first error in the order of the parts. What was taken behind it is not given on.
func inOrder<Worker: AnyObject>(
    _ workers: [Worker], take: (Worker) throws -> Bool, work: (Worker) throws -> Void, give: (Worker) throws -> Void
) throws {
    let line = Line()
    nonisolated(unsafe) let (shared, taking, working, giving) = (workers, take, work, give)
    DispatchQueue.concurrentPerform(iterations: workers.count) { index in
        let worker = shared[index]
        while let part = line.take({ try taking(worker) }) {
            let outcome: Result<Void, any Error> = Result {
                try part.get()
                try working(worker)
            }
            line.give(part.number, outcome) { try giving(worker) }
        }
    }
    try line.result.get()
}

/// Who may take a part, and whose turn it is to give one on.
///
/// With the system's locks, since the thread sanitizer does not see Swift's. It is unchecked for the pointers, which never
/// change, and for what the locks guard.
private final class Line: @unchecked Sendable {
    private let door = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    /// Guarded by the door.
    private var (taken, isOver) = (0, false)

    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let turn = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    /// Guarded by the lock.
    private var given = 0
    private(set) var result: Result<Void, any Error> = .success(())

    struct Part {
        let number: Int
        let failure: (any Error)?

        func get() throws { if let failure { throw failure } }
    }

    init() {
        pthread_mutex_init(door, nil)
        pthread_mutex_init(lock, nil)
        pthread_cond_init(turn, nil)
    }

    deinit {
        pthread_mutex_destroy(door)
        pthread_mutex_destroy(lock)
        pthread_cond_destroy(turn)
        door.deallocate()
        lock.deallocate()
        turn.deallocate()
    }

    /// The next part, which may be an error; nil when there is none.
    func take(_ body: () throws -> Bool) -> Part? {
        pthread_mutex_lock(door)
        defer { pthread_mutex_unlock(door) }
        guard !isOver else { return nil }
        var failure: (any Error)?
        do { isOver = try !body() } catch {
            failure = error
            isOver = true
        }
        guard !isOver || failure != nil else { return nil }
        taken += 1
        return Part(number: taken - 1, failure: failure)
    }

    /// Waits for the turn of a part. Behind an error none is given on.
    func give(_ number: Int, _ outcome: Result<Void, any Error>, _ body: () throws -> Void) {
        pthread_mutex_lock(lock)
        while given < number { pthread_cond_wait(turn, lock) }
        var result = result
        pthread_mutex_unlock(lock)
        if case .success = result { result = outcome.flatMap { Result(catching: body) } }
        if case .failure = result { end() }
        pthread_mutex_lock(lock)
        self.result = result
        given += 1
        pthread_cond_broadcast(turn)
        pthread_mutex_unlock(lock)
    }

    private func end() {
        pthread_mutex_lock(door)
        isOver = true
        pthread_mutex_unlock(door)
    }
}
