import OpenCLCompute

extension LanguageModel {
    /// ln p of what follows each position of a text that is cut into windows, as models that see no more than a window are
    /// compared: each window begins in the zero state, and its last position predicts the first character of the next.
    /// What fills no window is left out, so a text of N tokens has ⌊(N − 1)/`size`⌋ windows.
    ///
    /// Windows are read side by side. A token that the vocabulary has not is a programmer error.
    ///
    /// - Parameters:
    ///   - tokens: of the text.
    ///   - size: the positions of a window, 1 or more.
    ///   - progress: is told how many windows have been read so far; what it throws ends the reading.
    /// - Returns: a number for each position of each window, one window after the other.
    /// - Throws: ``BrokenModelError``, `DeviceError`.
    public func logProbabilities(
        of tokens: [Int], inWindowsOf size: Int, progress: (_ windows: Int) throws -> Void = { _ in }
    ) throws -> [Double] {
        precondition(size > 0, "windows of \(size) tokens")
        for token in tokens { vocabulary.check(token) }
        let count = max(0, tokens.count - 1) / size
        guard count > 0 else { return [] }
        // Some ten thousand positions keep any device busy.
        let width = min(count, max(1, 8192 / size))
        let network = try UnrolledNetwork(
            parameters, steps: size, streams: StreamShare(all: width), forTraining: false)
        var logarithms: [Double] = []
        logarithms.reserveCapacity(count * size)
        for first in stride(from: 0, to: count, by: width) {
            try network.setState(zeroState(batchSize: width))
            // Beyond the last window it is read again, and not counted.
            let windows = (first..<first + width).map { min($0, count - 1) * size }
            try network.run(Batch(rows: windows.map { Array(tokens[$0...$0 + size]) }), dropout: nil, gradient: nil)
            let values = try network.logProbabilities(steps: size)
            for window in 0..<min(width, count - first) {
                logarithms += (0..<size).map { values[$0 * width + window] }
            }
            try progress(min(first + width, count))
        }
        return logarithms
    }
}
