/// What goes on in a model while it reads a text: the activations of its units after every token, and what it expects then.
///
/// ```swift
/// let trace = try model.trace(of: "the king", layers: [0], parts: [.hidden, .cell, .gates])
/// if let forget = trace[.gate("f"), layer: 0] { print(forget[7, unit: 12]) }
/// ```
///
/// Row t of all that it has belongs to the moment at which token t has been read.
public struct Trace: Sendable {
    /// What may be seen of a layer.
    public enum Part: Hashable, Sendable {
        /// h, what the layer hands on.
        case hidden
        /// The cell state c, which an LSTM carries besides.
        case cell
        /// All gates of the cell.
        case gates
        /// One gate by the name that `RecurrentCell/gateNames` has for it, such as "f", the forget gate of an LSTM.
        case gate(String)
    }

    /// One part of one layer.
    public struct Activations: Sendable {
        /// The layer, counted from 0.
        public let layer: Int
        /// Never ``Part/gates``: each gate has activations of its own.
        public let part: Part
        /// H
        public let unitCount: Int
        /// T × H, row after row. Gates are taken after their activation.
        public let values: [Float]

        /// The activation of a unit after a token, both counted from 0.
        public subscript(position: Int, unit unit: Int) -> Float {
            precondition((0..<unitCount).contains(unit), "unit \(unit) of \(unitCount)")
            let count = values.count / unitCount
            precondition((0..<count).contains(position), "position \(position) of \(count)")
            return values[position * unitCount + unit]
        }

        /// The activations of one unit, T of them.
        public func unit(_ unit: Int) -> [Float] {
            precondition((0..<unitCount).contains(unit), "unit \(unit) of \(unitCount)")
            return stride(from: unit, to: values.count, by: unitCount).map { values[$0] }
        }
    }

    /// V tokens, those of the model.
    public let vocabulary: Vocabulary
    /// T tokens, those of the text.
    public let tokens: [Int]
    /// All that was asked for and that the cell has, layer after layer, the gates in the order of the cell.
    public let activations: [Activations]
    /// What the model expects after each token, T of them.
    public let predictions: [Prediction]

    /// The activations of a part of a layer; nil where they were not asked for, and where the cell has no such part.
    public subscript(part: Part, layer layer: Int) -> Activations? {
        activations.first { $0.part == part && $0.layer == layer }
    }
}

extension Trace.Part: CustomStringConvertible {
    /// "hidden", "cell", "gates", "gate f".
    public var description: String {
        switch self {
        case .hidden: "hidden"
        case .cell: "cell"
        case .gates: "gates"
        case .gate(let name): "gate \(name)"
        }
    }
}
