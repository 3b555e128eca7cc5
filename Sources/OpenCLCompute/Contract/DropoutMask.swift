/// Which units are dropped: a function of a seed and three counters, so that every device draws the same mask and
/// nothing has to be kept for the backward pass.
///
/// Element i is kept when word i mod 4 of Philox4x32-10 (Salmon et al. 2011) with the counter
/// (⌊i/4⌋, layer, step low, step high) and the key (seed low, seed high) is at least p·2³².
public struct DropoutMask: Sendable {
    /// p, the share of units that is dropped: 0 ≤ p < 1.
    public let probability: Float
    /// What the words are drawn by: one for a run, then the step, then the layer.
    public let seed: UInt64
    public let step: UInt64
    public let layer: UInt32
    /// The elements of the mask that are applied, in their order; nil for all.
    public let window: Window?

    /// Of each `stride` elements the `length` from `first` on: the mask of some columns of a wider matrix.
    public struct Window: Sendable {
        /// In elements.
        public let first, length, stride: Int

        /// `length` ≥ 1 elements of each `stride`, within which they lie.
        public init(first: Int, length: Int, stride: Int) {
            precondition(
                first >= 0 && length > 0 && first + length <= stride,
                "a window of \(length) elements from \(first) on, of each \(stride)")
            self.first = first
            self.length = length
            self.stride = stride
        }
    }

    /// The mask of one layer in one step of a run.
    public init(probability: Float, seed: UInt64, step: UInt64, layer: UInt32, window: Window? = nil) {
        precondition(probability >= 0 && probability < 1, "dropout probability \(probability) is not in [0, 1)")
        self.probability = probability
        self.seed = seed
        self.step = step
        self.layer = layer
        self.window = window
    }

    /// The window for `count` elements, and how many rows of it they are.
    package func rows(of count: Int) -> (window: Window, count: Int) {
        guard count > 0 else { return (Window(first: 0, length: 1, stride: 1), 0) }
        // All of each row is all of the mask.
        guard let window, window.length < window.stride else {
            return (Window(first: 0, length: count, stride: count), 1)
        }
        let rows = count / window.length
        precondition(
            count % window.length == 0 && rows * window.stride <= Int32.max,
            "\(count) elements in rows of \(window.length), of each \(window.stride)")
        return (window, rows)
    }

    /// Words below this are dropped.
    package var threshold: UInt32 { UInt32((Double(probability) * 0x1p32).rounded(.up)) }
    /// 1/(1−p), by which the kept units are scaled.
    package var scale: Float { 1 / (1 - probability) }
}
