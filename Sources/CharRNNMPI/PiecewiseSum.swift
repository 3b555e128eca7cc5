import Dispatch
import Synchronization

/// Sums elements over all processes, piece by piece, in a thread of its own while others still make elements of other
/// pieces. All processes have the same pieces, in the same order.
///
/// Of a piece each process sums its share, as the others send it, in the order of the ranks; then all get all shares. Of a
/// small piece two processes each sum all, in the same order. So an element's sum has the same bits with any MPI, on any
/// network, and however the pieces are cut.
final class PiecewiseSum: @unchecked Sendable {
    // Unchecked: all but the flag is used in the queue alone, and the elements of a piece are the queue's until it is summed.
    private let world: MPIWorld
    private let elements: UnsafeMutableBufferPointer<Float>
    /// What the processes have sent of a share.
    private let received: UnsafeMutableBufferPointer<Float>
    private let queue = DispatchQueue(label: "char-rnn.mpi")
    /// Whether somebody waits for the pieces, so that there is nothing to compute beside them.
    private let isAwaited = Atomic(false)

    /// Up to which size two processes give each other all of a piece, and each adds it up: they send as much either way, and
    /// wait once instead of twice, but add twice as much.
    private static let largestWhole = 1 << 17

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
    ///
    /// - Parameter notes: what is shared meanwhile, as by ``MPIWorld/share(_:isIdle:)``; nothing, or a part of each process.
    func finish(_ piece: Range<Int>, beside notes: [UnsafeMutableRawBufferPointer]) {
        isAwaited.store(true, ordering: .relaxed)
        defer { isAwaited.store(false, ordering: .relaxed) }
        queue.sync { sum(piece, beside: notes) }
    }

    private func sum(_ range: Range<Int>, beside notes: [UnsafeMutableRawBufferPointer] = []) {
        for start in stride(from: range.lowerBound, to: range.upperBound, by: Self.largestPiece) {
            let end = min(start + Self.largestPiece, range.upperBound)
            sumPiece(start..<end, beside: end == range.upperBound ? notes : [])
        }
    }

    private func sumPiece(_ piece: Range<Int>, beside notes: [UnsafeMutableRawBufferPointer]) {
        let isWhole = world.count == 2 && piece.count <= Self.largestWhole
        let ranges = isWhole ? [piece, piece] : piece.split(into: world.count)
        let shares = ranges.map { UnsafeMutableBufferPointer(rebasing: elements[$0]) }
        let own = shares[world.rank]
        let parts = (0..<world.count).map { rank in
            let place = (rank < world.rank ? rank : rank - 1) * own.count
            return rank == world.rank ? own : UnsafeMutableBufferPointer(rebasing: received[place..<place + own.count])
        }
        let isIdle = { self.isAwaited.load(ordering: .relaxed) }
        func messages(_ buffers: [UnsafeMutableRawBufferPointer]) -> [MPIMessage] {
            buffers.indices.filter { $0 != world.rank }.map { MPIMessage(rank: $0, bytes: buffers[$0]) }
        }
        world.transfer(
            sending: messages(shares.map { UnsafeMutableRawBufferPointer($0) })
                + messages(notes.map { _ in notes[world.rank] }),
            receiving: messages(parts.map { UnsafeMutableRawBufferPointer($0) }) + messages(notes), isIdle: isIdle)
        Self.add(parts, into: own)
        if !isWhole { world.share(shares.map { UnsafeMutableRawBufferPointer($0) }, isIdle: isIdle) }
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
