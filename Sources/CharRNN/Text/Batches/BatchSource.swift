/// Where batches come from that a model learns from or is tried on.
///
/// A source is a function of the number of a batch: it answers the same whenever it is asked. So a run can go back to a
/// good state, be resumed, and be tried in between, and no position has to be saved but the number of the step. What is
/// drawn at random, such as an order of documents, is drawn for the epoch.
///
/// ```swift
/// struct Countdown: BatchSource {
///     let vocabulary = Vocabulary(of: "9876543210")
///     let batchSize = 4
///     let sequenceLength = 9
///     let batchCount = 10
///     let fingerprint: UInt64 = 1
///
///     func batch(_ index: Int, epoch: Int) -> Batch {
///         Batch(rows: (0..<4).map { row in (0...9).map { (index + row + 9 * $0) % 10 } }, resets: [0, 1, 2, 3])
///     }
/// }
/// ```
public protocol BatchSource: Sendable {
    /// By which the tokens are numbered: the model's.
    var vocabulary: Vocabulary { get }
    /// B, the streams of every batch.
    var batchSize: Int { get }
    /// T, the steps of every batch.
    var sequenceLength: Int { get }
    /// The batches of an epoch, at least 1, in every epoch the same.
    var batchCount: Int { get }
    /// The targets of an epoch; B·T for each batch, if nothing else is said.
    var characterCount: Int { get }
    /// A checksum of all that decides what the batches are, by which a resumed run knows them again.
    var fingerprint: UInt64 { get }

    /// Batch 0 ≤ `index` < ``batchCount`` of an epoch, counted from 0. It has at least one target.
    func batch(_ index: Int, epoch: Int) throws -> Batch
}

extension BatchSource {
    public var characterCount: Int { batchSize * sequenceLength * batchCount }

    /// The batch after so many others, over all epochs.
    func batch(after count: Int) throws -> Batch { try batch(count % batchCount, epoch: count / batchCount) }
}
