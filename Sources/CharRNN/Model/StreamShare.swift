/// Some streams of a batch, which one device or one process runs.
struct StreamShare: Hashable, Sendable {
    let range: Range<Int>
    /// The streams of the whole batch.
    let total: Int

    var count: Int { range.count }
    var isWhole: Bool { count == total }

    /// All of them.
    init(all count: Int) { self.init(range: 0..<count, total: count) }

    private init(range: Range<Int>, total: Int) {
        self.range = range
        self.total = total
    }

    /// `parts` shares of these streams that differ by one stream at most, in the order of the streams.
    func split(into parts: Int) -> [StreamShare] {
        func start(_ index: Int) -> Int { range.lowerBound + count * index / parts }
        return (0..<parts).map { StreamShare(range: start($0)..<start($0 + 1), total: total) }
    }

    /// The elements of these streams in a time-major list with `width` for each step of each stream.
    func elements<Element>(of elements: [Element], width: Int = 1) -> [Element] {
        guard !isWhole else { return elements }
        let row = total * width
        return stride(from: 0, to: elements.count, by: row).flatMap {
            elements[$0 + range.lowerBound * width..<$0 + range.upperBound * width]
        }
    }
}

extension Batch {
    func share(_ streams: StreamShare) -> Batch {
        Batch(
            batchSize: streams.count, steps: steps, inputs: streams.elements(of: inputs),
            targets: streams.elements(of: targets),
            resets: resets.filter(streams.range.contains).map { $0 - streams.range.lowerBound })
    }
}

extension LanguageModel.State {
    /// The state of these streams alone.
    func share(_ streams: StreamShare, hiddenSize: Int) -> LanguageModel.State {
        LanguageModel.State(
            hidden: hidden.map { streams.elements(of: $0, width: hiddenSize) },
            memory: memory.map { streams.elements(of: $0, width: hiddenSize) })
    }

    /// The state of all streams, from those of the shares in their order.
    static func joined(_ shares: [LanguageModel.State]) -> LanguageModel.State {
        func joined(_ layers: (LanguageModel.State) -> [[Float]]) -> [[Float]] {
            layers(shares[0]).indices.map { layer in shares.flatMap { layers($0)[layer] } }
        }
        return LanguageModel.State(hidden: joined(\.hidden), memory: joined(\.memory))
    }
}
