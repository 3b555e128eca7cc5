/// What a kind of recurrent layer is: a description, from which every device runs it and every file names it.
///
/// Letters: B batch, T time, H hidden, G gates. x is the layer's input, h′ and c′ the state before a step. The gates of
/// one row are stored side by side, H of each, in the order of the cell. A new cell is a file beside ``lstm``'s, and a
/// kernel file of its name in C and in OpenCL C; nothing else asks which cell it is.
public struct RecurrentCell: Sendable {
    /// Its name in files and options, and that of its kernel files.
    public let rawValue: String
    /// What its equations call the gates, in the order in which they are stored.
    public let gateNames: [String]
    /// G, the number of gates.
    public var gateCount: Int { gateNames.count }
    /// Whether a second state, the memory c, is carried from step to step beside h.
    public let carriesMemory: Bool
    /// Whether half-steps read h′ themselves, besides the products with it, and pass its gradient on.
    let mixesHidden: Bool
    /// What a step does, in this order; the backward pass in the opposite one.
    let halfSteps: [HalfStep]
    /// The gates whose input bias is 1 in a new model, so that they are open at first.
    package let openGates: [Int]
    /// The matrices of a layer of char-rnn in the order in which Torch draws and writes them; nil for a cell that
    /// char-rnn has not.
    package let torchMatrices: [TorchMatrix]?
    /// Whether a module of `torch.nn` computes the same equations.
    package let isPyTorchs: Bool

    /// A matrix of char-rnn, with a bias: whether it multiplies h′ rather than x, and the gates that it computes.
    package typealias TorchMatrix = (isRecurrent: Bool, gates: [Int])

    init(
        _ name: String, gates gateNames: [String], carriesMemory: Bool = false, mixesHidden: Bool = false,
        halfSteps: [HalfStep],
        openGates: [Int] = [], torchMatrices: [TorchMatrix]? = nil, isPyTorchs: Bool = false
    ) {
        // Two loops over time, CLKernels/sequence.cl and the CPU device's, take what the products say about gates.
        let gates = halfSteps.compactMap(\.product?.gates)
        precondition(
            (1...2).contains(halfSteps.count) && gates.flatMap(Array.init) == Array(0..<(gates.last?.upperBound ?? 0)),
            "the products of \(name) take the gates \(gates)")
        rawValue = name
        self.gateNames = gateNames
        self.carriesMemory = carriesMemory
        self.mixesHidden = mixesHidden
        self.halfSteps = halfSteps
        self.openGates = openGates
        self.torchMatrices = torchMatrices
        self.isPyTorchs = isPyTorchs
    }

    /// Whether a step multiplies states by weights, U, so that the layer has these and a second bias.
    public var hasRecurrentProduct: Bool { halfSteps.contains { $0.product != nil } }

    /// Whether a step makes a state of its own that its second product multiplies.
    var hasIntermediate: Bool { halfSteps.contains { $0.product?.factor == .intermediate } }

    /// The elements that training keeps for each unit of each stream: for every step, and once.
    package var trainingElements: (perStep: Int, once: Int) {
        let (memory, intermediate) = (carriesMemory ? 1 : 0, hasIntermediate ? 1 : 0)
        // The gates and h; the state before the first step, and the gradients that steps hand on.
        return (gateCount + 1 + memory + intermediate, 1 + 2 * memory + intermediate)
    }
}

extension RecurrentCell: CaseIterable {
    /// All cells that there are.
    public static let allCases: [RecurrentCell] = [.lstm, .gru, .rnn, .minGRU]
}

extension RecurrentCell: RawRepresentable, Hashable, Codable, CustomStringConvertible {
    /// The cell of a name; nil when there is none.
    public init?(rawValue: String) {
        guard let cell = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
        self = cell
    }

    public static func == (a: RecurrentCell, b: RecurrentCell) -> Bool { a.rawValue == b.rawValue }
    public func hash(into hasher: inout Hasher) { hasher.combine(rawValue) }
    public var description: String { rawValue }
}
