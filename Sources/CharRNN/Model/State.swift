extension LanguageModel {
    /// What a network remembers between characters: a value that may be kept, compared, saved and given back.
    ///
    /// ```swift
    /// let saved = try session.state().bytes  // 2,080 for an LSTM of 2 layers of 128 units
    /// let resumed = try model.makeSession(at: .init(bytes: saved))
    /// ```
    public struct State: Codable, Hashable, Sendable {
        /// Per layer the outputs h, B × H.
        public var hidden: [[Float]]
        /// Per layer what the cell carries besides, B × H: the cell states c of an LSTM. Empty for the other cells.
        public var memory: [[Float]]
        /// Tells the model that has read from others, by a checksum of its cell, sizes, vocabulary and parameters; nil where
        /// nothing has been read, which is the same to all models of these sizes, and where a program has made the numbers.
        public internal(set) var modelFingerprint: String?

        /// A state of one's own, which no model has read: L arrays of B × H in `hidden`, and in `memory` as many, which are empty
        /// where the cell carries nothing besides h. ``LanguageModel/makeSession(at:)`` tells one that does not fit its model.
        public init(hidden: [[Float]], memory: [[Float]]) {
            self.hidden = hidden
            self.memory = memory
        }

        /// Whether it is that before the first character.
        var isZero: Bool { (hidden + memory).allSatisfy { $0.allSatisfy { $0 == 0 } } }
    }

    /// The state before the first character: all zero.
    public func zeroState(batchSize: Int = 1) -> State {
        precondition(batchSize > 0, "the state of \(batchSize) streams")
        let zeros = [Float](repeating: 0, count: batchSize * configuration.hiddenSize)
        return State(
            hidden: Array(repeating: zeros, count: configuration.layerCount),
            memory: Array(repeating: configuration.cell.carriesMemory ? zeros : [], count: configuration.layerCount))
    }
}
