/// B × T characters and those that follow each, time-major: entry t·B + b is step t of stream b.
public struct Batch: Sendable {
    /// B
    public let batchSize: Int
    /// T
    public let steps: Int
    /// The characters that the model reads.
    public let inputs: [Int32]
    /// The character after each input.
    public let targets: [Int32]
}
