#if MPI
import CMPI

/// The functions of MPI that are used here, in Swift's types. An error in one ends all processes, as MPI does it
/// unless told otherwise.
enum MPICalls {
    static let areBuilt = true

    static func start() -> Bool { char_rnn_mpi_init() != 0 }

    static var rank: Int {
        var rank: Int32 = 0
        MPI_Comm_rank(char_rnn_mpi_world(), &rank)
        return Int(rank)
    }

    static var count: Int {
        var count: Int32 = 1
        MPI_Comm_size(char_rnn_mpi_world(), &count)
        return Int(count)
    }

    static var library: String {
        var name = [CChar](repeating: 0, count: Int(char_rnn_mpi_name_size))
        char_rnn_mpi_library(&name)
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    static func finish() { MPI_Finalize() }

    static func abort(_ status: Int32) -> Never {
        MPI_Abort(char_rnn_mpi_world(), status)
        fatalError("MPI_Abort has returned")
    }

    /// Has messages go and come, and returns when all have. Between two processes they arrive in the order in which they
    /// were sent.
    ///
    /// MPI asks for a large message to be allowed, and the permission for the other one follows on the same connection. Whoever
    /// gave it first would then get its own only behind all that the other sends, as if the connection had one direction at a
    /// time. So sends come before receives.
    ///
    /// - Parameter wait: is called again and again until then, and may ask which processes are late.
    static func transfer(
        sending sent: [MPIMessage], receiving received: [MPIMessage], wait: (_ late: () -> Set<Int>) -> Void
    ) {
        let messages = sent + received
        withUnsafeTemporaryAllocation(of: char_rnn_mpi_message.self, capacity: messages.count) { states in
            let states = states.baseAddress!
            for (index, message) in messages.enumerated() {
                let (bytes, count, rank) = (message.bytes.baseAddress, Int32(message.bytes.count), Int32(message.rank))
                if index < sent.count {
                    char_rnn_mpi_send(states + index, bytes, count, rank)
                } else {
                    char_rnn_mpi_receive(states + index, bytes, count, rank)
                }
            }
            func isDone(_ index: Int) -> Bool { char_rnn_mpi_is_done(states + index) != 0 }
            while !messages.indices.allSatisfy(isDone) {
                wait { Set(messages.indices.filter { !isDone($0) }.map { messages[$0].rank }) }
            }
        }
    }

    /// What rank 0 has.
    static func broadcast(_ numbers: inout [Float]) {
        MPI_Bcast(&numbers, Int32(numbers.count), char_rnn_mpi_float(), 0, char_rnn_mpi_world())
    }
}
#else
/// Without the trait there is no MPI to call: ``MPIWorld`` does not start.
enum MPICalls {
    static let areBuilt = false
    static let (rank, count, library) = (0, 1, "")

    static func start() -> Bool { false }
    static func finish() { unavailable() }
    static func abort(_ status: Int32) -> Never { unavailable() }
    static func transfer(
        sending sent: [MPIMessage], receiving received: [MPIMessage], wait: (_ late: () -> Set<Int>) -> Void
    ) { unavailable() }
    static func broadcast(_ numbers: inout [Float]) { unavailable() }

    private static func unavailable() -> Never { preconditionFailure("built without the trait MPI") }
}
#endif

/// A run of bytes that goes to another process, or comes from it.
struct MPIMessage {
    let rank: Int
    let bytes: UnsafeMutableRawBufferPointer
}
