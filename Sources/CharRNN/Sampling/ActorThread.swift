import Glibc

/// A thread on which an actor runs, so that its long work takes none of the few threads that tasks share. It ends with the
/// actor. Not one of Dispatch, which has no more than 255 and makes all others wait.
final class ActorThread: SerialExecutor {
    private let line = JobLine()

    init() {
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { line in
                Unmanaged<JobLine>.fromOpaque(line!).takeRetainedValue().run()
                return nil
            }, Unmanaged.passRetained(line).toOpaque())
        precondition(status == 0, "the system gives no thread: \(String(cString: strerror(status)))")
        pthread_detach(thread)
    }

    deinit { line.close() }

    func enqueue(_ job: consuming ExecutorJob) { line.append(UnownedJob(job), of: self) }
}

/// Jobs that wait for the thread.
///
/// With the system's lock, since the thread sanitizer does not see Swift's. It is unchecked for the pointers, which never
/// change, and for what the lock guards.
private final class JobLine: @unchecked Sendable {
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let call = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    /// With their executor, which must outlive them.
    private var jobs: [(job: UnownedJob, executor: ActorThread)] = []
    private var isClosed = false

    init() {
        pthread_mutex_init(lock, nil)
        pthread_cond_init(call, nil)
    }

    deinit {
        pthread_mutex_destroy(lock)
        pthread_cond_destroy(call)
        lock.deallocate()
        call.deallocate()
    }

    func append(_ job: UnownedJob, of executor: ActorThread) { change { jobs.append((job, executor)) } }

    func close() { change { isClosed = true } }

    private func change(_ body: () -> Void) {
        pthread_mutex_lock(lock)
        body()
        pthread_cond_signal(call)
        pthread_mutex_unlock(lock)
    }

    func run() {
        while let jobs = take() {
            for (job, executor) in jobs { job.runSynchronously(on: executor.asUnownedSerialExecutor()) }
        }
    }

    /// All jobs that are there; waits for some, and is nil when there will be none.
    private func take() -> [(job: UnownedJob, executor: ActorThread)]? {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        while jobs.isEmpty && !isClosed { pthread_cond_wait(call, lock) }
        defer { jobs = [] }
        return jobs.isEmpty ? nil : jobs
    }
}
