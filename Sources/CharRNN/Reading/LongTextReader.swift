import OpenCLCompute

/// Reads one text. A long one is read in parts side by side, since alone each of its tokens would need all weights to be read
/// anew.
///
/// A step needs the state that the one before it has left. But networks forget: whatever the state in which they begin, after
/// some hundred tokens it is the one that they would have had, but for rounding. So every part begins some tokens early, in
/// a state that is not its own; and at every seam its state is compared with the one in which the part before has ended.
/// Where they differ by more than rounding, what follows is read anew, in parts that begin twice as early. A network that
/// remembers for too long even then reads in order.
struct LongTextReader {
    private let parameters: Parameters
    private let tokens: TokenTable?
    /// After what was read so far.
    private(set) var state: LanguageModel.State
    /// ln p of the token after each that was read; empty when they are not wanted.
    private(set) var logProbabilities: [Double] = []
    private let scoring: Bool
    /// How many tokens early a part begins. (Trained LSTMs need some 500 with 2 × 128 units, 1,500 with 2 × 512.)
    private var overlap = 768
    private static let longestOverlap = 3072
    /// Parts of twice as many tokens waste a third of the work; longer ones less.
    private var shortestPart: Int { 2 * overlap }
    /// Short ones at first, which are soon read anew where the network has not forgotten.
    private var longestPart: Int { forgets ? 1 << 14 : 4 * overlap }
    /// Whether it had forgotten at all seams of the last parts.
    private var forgets = false
    private static let parts = 4...16
    /// How far two states may be apart that are the same but for rounding: a fraction of the larger of 1 and their size.
    /// (Rounded to 8 bits, those of a trained LSTM of 2 × 128 units stay up to 0.06 apart, wherever they began.)
    private var tolerance: Float { parameters.areQuantized ? 0.125 : 4e-6 }

    /// - Parameter tokens: those of a network of the same parameters.
    init(
        _ parameters: Parameters, from state: LanguageModel.State, scoring: Bool, sharing tokens: TokenTable? = nil
    ) {
        self.parameters = parameters
        self.tokens = tokens
        self.state = state
        self.scoring = scoring
    }

    /// - Parameter progress: is told now and then how many tokens have been read; what it throws ends the reading.
    /// - Throws: ``BrokenModelError``, `CancellationError` when the task is cancelled, `DeviceError`.
    mutating func read(_ text: [Int], progress: (_ tokens: Int) throws -> Void = { _ in }) throws {
        var rest = text[...]
        while !rest.isEmpty {
            let count = min((rest.count - overlap) / shortestPart, Self.parts.upperBound)
            let isInParts = count >= Self.parts.lowerBound && overlap <= Self.longestOverlap
            rest = rest.dropFirst(try readParts(rest, isInParts ? count : 1))
            try progress(text.count - rest.count)
        }
    }

    /// Reads the beginning of a text in so many parts, and returns how many tokens that are.
    private mutating func readParts(_ text: ArraySlice<Int>, _ count: Int) throws -> Int {
        // The first part begins where the text does, and is longer by what the others read before their own.
        let seam = count > 1 ? overlap : 0
        let length = min((text.count - seam) / count, longestPart)
        let end = seam + length
        // With one more, which the last token of a part is to predict.
        let parts = (0..<count).map { text.dropFirst($0 * length).prefix(end + 1) }
        let reader = try SequenceReader(
            parameters, texts: count, longest: parts[0].count, start: state, sharing: tokens)
        var (begun, ended) = (state, state)
        var results = [[Double]](repeating: [], count: count)
        try reader.read(parts, for: scoring ? .losses : .states) { block, network in
            let steps = block.lowerBound + 1...block.upperBound
            if count > 1 && steps.contains(seam) { begun = try network.state(after: seam - block.lowerBound) }
            if steps.contains(end) { ended = try network.state(after: end - block.lowerBound) }
            guard scoring else { return }
            let values = try network.logProbabilities(steps: block.count)
            for part in 0..<count {
                for position in block.clamped(to: (part == 0 ? 0 : seam)..<end) {
                    results[part].append(values[(position - block.lowerBound) * count + part])
                }
            }
        }
        // The parts up to the first that did not begin where the one before it had ended.
        let shares = StreamShare(all: count).split(into: count)
        func part(_ index: Int, of state: LanguageModel.State) -> LanguageModel.State {
            state.share(shares[index], hiddenSize: parameters.layout.hiddenSize)
        }
        let sound =
            (1..<count).first { !part($0, of: begun).isClose(to: part($0 - 1, of: ended), tolerance) } ?? count
        if count > 1 { forgets = sound == count }
        if sound < count { overlap *= 2 }
        for part in 0..<sound { logProbabilities += results[part] }
        state = part(sound - 1, of: ended)
        return seam + sound * length
    }
}

extension LanguageModel.State {
    fileprivate func isClose(to other: LanguageModel.State, _ tolerance: Float) -> Bool {
        zip(hidden + memory, other.hidden + other.memory).allSatisfy { rows, others in
            zip(rows, others).allSatisfy { abs($0 - $1) <= tolerance * max(1, abs($0), abs($1)) }
        }
    }
}
