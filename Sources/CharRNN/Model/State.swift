extension LanguageModel {
    /// What a network remembers between characters: a value that may be kept, saved and given back.
    public struct State: Codable, Hashable, Sendable {
        /// Per layer the outputs h, B × H.
        public var hidden: [[Float]]
        /// Per layer what the cell carries besides, B × H: the cell states c of an LSTM. Empty for the other cells.
        public var memory: [[Float]]

        public init(hidden: [[Float]], memory: [[Float]]) {
            self.hidden = hidden
            self.memory = memory
        }
    }

    /// The state before the first character: all zero.
    public func zeroState(batchSize: Int = 1) -> State {
        let zeros = [Float](repeating: 0, count: batchSize * configuration.hiddenSize)
        return State(
            hidden: Array(repeating: zeros, count: configuration.layerCount),
            memory: Array(repeating: configuration.cell.carriesMemory ? zeros : [], count: configuration.layerCount))
    }
}
