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

    /// As many bytes of each process, in the order of the ranks.
    static func gather(_ bytes: [UInt8], into all: inout [UInt8]) {
        let (count, byte) = (Int32(bytes.count), char_rnn_mpi_byte())
        MPI_Allgather(bytes, count, byte, &all, count, byte, char_rnn_mpi_world())
    }

    /// So many bytes of each process, in the order of the ranks.
    static func gather(_ bytes: [UInt8], _ shares: MPIShares, into all: inout [UInt8]) {
        let byte = char_rnn_mpi_byte()
        MPI_Allgatherv(
            bytes, Int32(bytes.count), byte, &all, shares.counts, shares.starts, byte, char_rnn_mpi_world())
    }

    /// Each process's share of `numbers` goes to it; what all have sent it lies in `received`, in the order of the
    /// ranks.
    static func exchange(
        _ numbers: [Float], _ shares: MPIShares, into received: inout [Float], _ receivedShares: MPIShares
    ) {
        let float = char_rnn_mpi_float()
        MPI_Alltoallv(
            numbers, shares.counts, shares.starts, float, &received, receivedShares.counts, receivedShares.starts,
            float, char_rnn_mpi_world())
    }

    /// All processes' shares, of which this one's is at the start of `own`.
    static func gather(_ own: [Float], count: Int, _ shares: MPIShares, into all: inout [Float]) {
        let float = char_rnn_mpi_float()
        MPI_Allgatherv(
            own, Int32(count), float, &all, shares.counts, shares.starts, float, char_rnn_mpi_world())
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
    static func gather(_ bytes: [UInt8], into all: inout [UInt8]) { unavailable() }
    static func gather(_ bytes: [UInt8], _ shares: MPIShares, into all: inout [UInt8]) { unavailable() }
    static func exchange(
        _ numbers: [Float], _ shares: MPIShares, into received: inout [Float], _ receivedShares: MPIShares
    ) { unavailable() }
    static func gather(_ own: [Float], count: Int, _ shares: MPIShares, into all: inout [Float]) { unavailable() }
    static func broadcast(_ numbers: inout [Float]) { unavailable() }

    private static func unavailable() -> Never { preconditionFailure("built without the trait MPI") }
}
#endif

/// How many elements are each process's, and where they begin among those of all.
package struct MPIShares {
    package let counts, starts: [Int32]

    init(_ counts: [Int]) {
        let total = counts.reduce(0, +)
        precondition(total <= Int(Int32.max), "\(total) elements in one message: MPI takes \(Int32.max) at most")
        self.counts = counts.map { Int32($0) }
        var end: Int32 = 0
        starts = self.counts.map { count in
            defer { end += count }
            return end
        }
    }

    /// `total` elements in `parts` shares that differ by one at most.
    package init(of total: Int, parts: Int) {
        self.init((0..<parts).map { total * ($0 + 1) / parts - total * $0 / parts })
    }
}
