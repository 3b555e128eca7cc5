/// What a kind of recurrent layer is: a description, from which every device runs it and every file names it.
///
/// Letters: B batch, T time, H hidden, G gates. x is the layer's input, h′ and c′ the state before a step. The gates of
/// one row are stored side by side, H of each, in the order of the cell. A new cell is a file beside ``lstm``'s, and a
/// kernel file of its name in C and in OpenCL C; nothing else asks which cell it is.
public struct RecurrentCell: Sendable {
    /// Its name in files and options, and that of its kernel files.
    public let rawValue: String
    /// Its name in what people read, such as "minGRU".
    public let title: String
    /// What its equations call the gates, in the order in which they are stored.
    public let gateNames: [String]
    /// G, the number of gates.
    public var gateCount: Int { gateNames.count }
    /// The gates that see the layer's input, so that W has columns for these; the others see states alone.
    public let inputGates: Range<Int>
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

    /// A matrix of char-rnn, with a bias: whether it multiplies h′ rather than x, and the gates that it computes.
    package typealias TorchMatrix = (isRecurrent: Bool, gates: [Int])

    init(
        _ name: String, title: String, gates gateNames: [String], seeingInput inputGates: Range<Int>? = nil,
        carriesMemory: Bool = false, mixesHidden: Bool = false, halfSteps: [HalfStep], openGates: [Int] = [],
        torchMatrices: [TorchMatrix]? = nil
    ) {
        // Two loops over time, CLKernels/sequence.cl and the CPU device's, take what the products say about gates.
        let products = halfSteps.compactMap(\.product)
        let gates = products.map(\.gates)
        precondition(
            (1...3).contains(halfSteps.count) && gates.flatMap(Array.init) == Array(0..<(gates.last?.upperBound ?? 0))
                && products.enumerated().allSatisfy { $1.stateCount == max(1, $0) },
            "the products of \(name) take the gates \(gates)")
        rawValue = name
        self.title = title
        self.gateNames = gateNames
        self.inputGates = inputGates ?? gateNames.indices
        self.carriesMemory = carriesMemory
        self.mixesHidden = mixesHidden
        self.halfSteps = halfSteps
        self.openGates = openGates
        self.torchMatrices = torchMatrices
    }

    /// Whether a step multiplies states by weights, U, so that the layer has these and a second bias.
    public var hasRecurrentProduct: Bool { halfSteps.contains { $0.product != nil } }

    /// The H × H matrices of weights side by side in U; 0 for a cell that multiplies no state. They are as many as the gates,
    /// but for a gate that no product reaches, and for one that is a sum of several.
    public var recurrentMatrixCount: Int {
        halfSteps.reduce(0) { $0 + ($1.product.map { $0.gates.count * $0.stateCount } ?? 0) }
    }

    /// The columns of U for each product of a step, and for each state that it multiplies.
    func factorColumns(hiddenSize: Int) -> [Range<Int>] {
        halfSteps.compactMap(\.product).flatMap { product in
            (0..<product.stateCount).map { product.weights(of: $0, hiddenSize: hiddenSize) }
        }
    }

    /// The states of its own that a step makes, and that later products of it multiply.
    package var intermediateCount: Int { hasRecurrentProduct ? halfSteps.count - 1 : 0 }

    /// Whether what a half-step multiplies is multiplied by one after it, too. Then there is a gradient of that already when
    /// the backward pass comes to it.
    func isMultipliedLater(_ halfStep: Int) -> Bool { halfStep > 0 && halfStep < halfSteps.count - 1 }

    /// The elements that training keeps for each unit of each stream: for every step, and once.
    package var trainingElements: (perStep: Int, once: Int) {
        let (memory, intermediate) = (carriesMemory ? 1 : 0, intermediateCount)
        // The gates and h; the state before the first step, and the gradients that steps hand on.
        return (gateCount + 1 + memory + intermediate, 1 + 2 * memory + intermediate)
    }
}

extension RecurrentCell: CaseIterable {
    /// All cells that there are.
    public static let allCases: [RecurrentCell] = [.lstm, .gru, .rnn, .minGRU, .mogrifier]
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
