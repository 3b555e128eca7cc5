import COpenCL
import Synchronization

/// What the queue of a device has done, as OpenCL's profiling events tell: how often, how long and on how many bytes.
///
/// A device opened by ``Device/profiled(by:)`` writes it; for any other nothing is kept and no event is made.
public final class OpenCLProfile: Sendable {
    /// What a command does.
    public enum Kind: Sendable {
        /// A launch of a kernel of ours.
        case kernel
        /// A call of CLBlast, one launch or, for large matrices, up to five. OpenCL tells the time of the last alone, so
        /// the call is measured from the end of what stood before it.
        case product
        /// A copy or a fill inside the device's memory.
        case copy
        /// A copy from the host or to it.
        case transfer
    }

    /// All commands of one name.
    public struct Work: Sendable {
        /// What each of them does.
        public let kind: Kind
        /// How often it was queued.
        public fileprivate(set) var calls = 0
        /// How long the device took for all of them.
        public fileprivate(set) var seconds = 0.0
        /// The elements that were given to the commands, times four: an operand counts once, whether it is read,
        /// written or both, and however often.
        public fileprivate(set) var bytes = 0
        /// The multiplications and additions of matrix products, alone or as part of a recurrent layer; those of all else
        /// are few.
        public fileprivate(set) var operations = 0
    }

    /// What was done in some time.
    public struct Report: Sendable {
        /// By the name of the kernel, or "copy", "fill", "write", "read"; calls of CLBlast by routine and shape, such as
        /// "clblast_gemm 50x512x128", the rows and columns of the result and what is summed over.
        public fileprivate(set) var works: [String: Work] = [:]
        /// How often the host waited for all that was queued.
        public fileprivate(set) var waits = 0
        /// How often the host, far ahead, waited for the device to come nearer, which the device does not feel.
        public fileprivate(set) var pauses = 0

        /// Of no time, to add others to.
        public init() {}

        /// How often commands of these kinds were queued.
        public func calls(_ kinds: Kind...) -> Int {
            works.values.reduce(0) { $0 + (kinds.contains($1.kind) ? $1.calls : 0) }
        }

        /// Adds another report.
        public static func += (sum: inout Report, other: Report) {
            for (name, work) in other.works {
                sum.works[name, default: Work(kind: work.kind)].add(
                    calls: work.calls, seconds: work.seconds, bytes: work.bytes, operations: work.operations)
            }
            sum.waits += other.waits
            sum.pauses += other.pauses
        }
    }

    fileprivate struct Command {
        let kind: Kind
        let name: String
        let bytes: Int
        let operations: Int
        let event: OpenCLHandle
    }

    private struct State {
        var commands: [Command] = []
        var report = Report()
    }

    private let state = Mutex(State())

    /// A profile of nothing yet, to be given to ``Device/profiled(by:)``.
    public init() {}

    /// What was done since the last call, or since the device was opened. Waits for it, which is not counted.
    ///
    /// - Throws: ``DeviceError`` when a command has failed.
    public func take() throws -> Report {
        let taken = state.withLock { state in
            defer { state = State() }
            return state
        }
        var report = taken.report
        var previousEnd: UInt64?
        for command in taken.commands {
            var event: cl_event? = command.event.pointer
            try check(clWaitForEvents(1, &event), "clWaitForEvents", on: "the device of a profile")
            let start = try command.time(CL_PROFILING_COMMAND_START)
            let end = try command.time(CL_PROFILING_COMMAND_END)
            let begin = command.kind == .product ? min(start, previousEnd ?? start) : start
            // Some drivers' clocks go backwards, or are not set.
            let nanoseconds = end > begin ? end - begin : 0
            report.works[command.name, default: Work(kind: command.kind)].add(
                calls: 1, seconds: Double(nanoseconds) * 1e-9, bytes: command.bytes, operations: command.operations)
            previousEnd = end
        }
        return report
    }

    fileprivate func record(_ kind: Kind, _ name: String, bytes: Int, operations: Int, _ event: cl_event) {
        let handle = OpenCLHandle(event, release: { clReleaseEvent($0) })
        let command = Command(kind: kind, name: name, bytes: bytes, operations: operations, event: handle)
        state.withLock { $0.commands.append(command) }
    }

    func countWait() { state.withLock { $0.report.waits += 1 } }
    func countPause() { state.withLock { $0.report.pauses += 1 } }
}

extension OpenCLProfile.Work {
    fileprivate mutating func add(calls: Int, seconds: Double, bytes: Int, operations: Int) {
        self.calls += calls
        self.seconds += seconds
        self.bytes += bytes
        self.operations += operations
    }
}

extension OpenCLProfile.Command {
    /// In nanoseconds of the device's clock.
    func time(_ key: Int32) throws -> UInt64 {
        var time: cl_ulong = 0
        let status = clGetEventProfilingInfo(
            event.pointer, cl_profiling_info(key), MemoryLayout<cl_ulong>.size, &time, nil)
        try check(status, "clGetEventProfilingInfo(\(name))", on: "the device of a profile")
        return time
    }
}

extension OpenCLContext {
    /// Makes a call that queues a command, which is asked for its event where there is a profile.
    func enqueue<Status>(
        _ kind: OpenCLProfile.Kind, _ name: @autoclosure () -> String, bytes: @autoclosure () -> Int,
        operations: @autoclosure () -> Int = 0,
        call: (_ event: UnsafeMutablePointer<cl_event?>?) -> Status
    ) -> Status {
        guard let profile else { return call(nil) }
        var event: cl_event?
        let status = call(&event)
        if let event { profile.record(kind, name(), bytes: bytes(), operations: operations(), event) }
        return status
    }
}
