import FoundationEssentials

/// A model whose answers are no numbers, so that nothing can be drawn from them.
public struct BrokenModelError: Error, Equatable, CustomStringConvertible {
    public var description: String {
        "the model answers with NaN or infinity, no numbers: its training failed, or its file is damaged; take an earlier "
            + "checkpoint"
    }
}

extension BrokenModelError: LocalizedError {
    public var errorDescription: String? { description }
}

extension Distribution {
    /// What a model has answered.
    ///
    /// - Throws: ``BrokenModelError``.
    init(answered logits: [Float]) throws {
        guard logits.allSatisfy(\.isFinite) else { throw BrokenModelError() }
        self.init(logits: logits)
    }

    /// The same in the memory of an earlier answer.
    ///
    /// - Throws: ``BrokenModelError``.
    mutating func replace(by answer: ArraySlice<Float>) throws {
        guard answer.allSatisfy(\.isFinite) else { throw BrokenModelError() }
        logits.withUnsafeMutableBufferPointer { _ = $0.update(fromContentsOf: answer) }
    }
}
