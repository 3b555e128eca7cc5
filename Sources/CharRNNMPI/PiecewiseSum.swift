import Dispatch
import Synchronization

/// Sums elements over all processes, piece by piece, in a thread of its own while others still make elements of other
/// pieces. All processes have the same pieces, in the same order.
///
/// Of a piece each process sums its share, as the others send it, in the order of the ranks; then all get all shares. So an
/// element's sum has the same bits with any MPI, on any network, and however the pieces are cut.
final class PiecewiseSum: @unchecked Sendable {
    // Unchecked: all but the flag is used in the queue alone, and the elements of a piece are the queue's until it is summed.
    private let world: MPIWorld
    private let elements: UnsafeMutableBufferPointer<Float>
    /// What the processes have sent of a share.
    private let received: UnsafeMutableBufferPointer<Float>
    private let queue = DispatchQueue(label: "char-rnn.mpi")
    /// Whether somebody waits for the pieces, so that there is nothing to compute beside them.
    private let isAwaited = Atomic(false)

    /// What is larger goes in several pieces, which bounds the memory.
    private static let largestPiece = 1 << 22

    init(_ elements: UnsafeMutableBufferPointer<Float>, over world: MPIWorld) {
        self.world = world
        self.elements = elements
        received = .allocate(capacity: min(elements.count, Self.largestPiece) + world.count * world.count)
    }

    deinit { received.deallocate() }

    /// Begins to sum some elements, and returns.
    func begin(_ piece: Range<Int>) { queue.async { self.sum(piece) } }

    /// Sums some elements, and returns when all pieces are summed.
    func finish(_ piece: Range<Int>) {
        isAwaited.store(true, ordering: .relaxed)
        defer { isAwaited.store(false, ordering: .relaxed) }
        queue.sync { sum(piece) }
    }

    private func sum(_ range: Range<Int>) {
        for start in stride(from: range.lowerBound, to: range.upperBound, by: Self.largestPiece) {
            sumPiece(start..<min(start + Self.largestPiece, range.upperBound))
        }
    }

    private func sumPiece(_ piece: Range<Int>) {
        let shares = piece.split(into: world.count).map { UnsafeMutableBufferPointer(rebasing: elements[$0]) }
        let own = shares[world.rank]
        var parts = (0..<world.count).map {
            UnsafeMutableBufferPointer(rebasing: received[$0 * own.count..<($0 + 1) * own.count])
        }
        func messages(_ buffers: [UnsafeMutableBufferPointer<Float>]) -> [MPIMessage] {
            buffers.enumerated().filter { $0.offset != world.rank }.map {
                MPIMessage(rank: $0.offset, bytes: UnsafeMutableRawBufferPointer($0.element))
            }
        }
        let isIdle = { self.isAwaited.load(ordering: .relaxed) }
        world.transfer(sending: messages(shares), receiving: messages(parts), isIdle: isIdle)
        parts[world.rank] = own
        Self.add(parts, into: own)
        world.share(shares.map { UnsafeMutableRawBufferPointer($0) }, isIdle: isIdle)
    }

    /// The sum of the parts in their order. `sum` may be one of them, so it is written block by block.
    private static func add(_ parts: [UnsafeMutableBufferPointer<Float>], into sum: UnsafeMutableBufferPointer<Float>) {
        let size = 1024
        withUnsafeTemporaryAllocation(of: Float.self, capacity: size) { block in
            let block = block.baseAddress!
            for start in stride(from: 0, to: sum.count, by: size) {
                let count = min(size, sum.count - start)
                block.update(from: parts[0].baseAddress! + start, count: count)
                for part in parts.dropFirst() {
                    let part = part.baseAddress! + start
                    for index in 0..<count { block[index] += part[index] }
                }
                (sum.baseAddress! + start).update(from: block, count: count)
            }
        }
    }
}

extension Range<Int> {
    /// `parts` ranges that differ by one element at most.
    package func split(into parts: Int) -> [Range<Int>] {
        (0..<parts).map { lowerBound + count * $0 / parts..<lowerBound + count * ($0 + 1) / parts }
    }
}
