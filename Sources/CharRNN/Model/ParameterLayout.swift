import OpenCLCompute

/// Which parameters a network has, where each lies in the one buffer that holds them all, and what files call it.
///
/// A parameter is found by its role; which roles there are depends on the cell. On a device weights are stored so that
/// y = x·W, inputs × outputs. Files have PyTorch's names and its layout, outputs × inputs; the gates are in the same
/// order in both.
struct ParameterLayout: Sendable {
    /// What a parameter does in the network.
    enum Role: Hashable, Sendable {
        /// E, a column for each token: D × V.
        case embedding
        /// W of a layer: V, or D where there is an embedding, or H × G·H, of the gates that see the input.
        case inputWeights(layer: Int)
        /// U of a layer: H × G·H, or H × as many matrices as the cell has.
        case recurrentWeights(layer: Int)
        /// The bias of the input product: G·H.
        case inputBias(layer: Int)
        /// The bias of the recurrent product: G·H.
        case recurrentBias(layer: Int)
        /// H × V
        case decoderWeights
        /// V
        case decoderBias
    }

    /// What a row or a column of a parameter belongs to.
    enum Axis: Sendable {
        /// A bias has one row.
        case one
        /// A token of the vocabulary.
        case tokens
        /// A unit, a gate of a unit, or a number of an embedded token.
        case units
    }

    struct Entry: Sendable {
        let role: Role
        /// In files.
        let name: String
        let rows: Int
        let columns: Int
        let rowAxis: Axis
        let columnAxis: Axis
        /// Its elements in the buffer, row after row.
        let range: Range<Int>

        var isBias: Bool { rowAxis == .one }
        /// The shape in files.
        var shape: [Int] { isBias ? [columns] : [columns, rows] }

        /// Where in the buffer an element lies.
        func index(row: Int = 0, column: Int) -> Int { range.lowerBound + row * columns + column }
    }

    let cell: RecurrentCell
    /// V
    let vocabularySize: Int
    /// D; nil where tokens enter the first layer as they are, one-hot.
    let embeddingSize: Int?
    /// H
    let hiddenSize: Int
    /// L
    let layerCount: Int
    /// In the order of the buffer.
    let entries: [Entry]
    /// The elements of the buffer.
    let count: Int

    init(cell: RecurrentCell, vocabularySize: Int, embeddingSize: Int?, hiddenSize: Int, layerCount: Int) {
        var entries: [Entry] = []
        var count = 0
        func add(_ role: Role, _ name: String, _ rows: (Axis, Int), _ columns: (Axis, Int)) {
            let end = count + rows.1 * columns.1
            entries.append(
                Entry(
                    role: role, name: name, rows: rows.1, columns: columns.1, rowAxis: rows.0, columnAxis: columns.0,
                    range: count..<end))
            count = end
        }
        let (one, tokens, units) = ((Axis.one, 1), (Axis.tokens, vocabularySize), (Axis.units, hiddenSize))
        let gates = (Axis.units, cell.gateCount * hiddenSize)
        let seeingInput = (Axis.units, cell.inputGates.count * hiddenSize)
        let matrices = (Axis.units, cell.recurrentMatrixCount * hiddenSize)
        let embedded = embeddingSize.map { (Axis.units, $0) }
        if let embedded { add(.embedding, "embedding.weight", embedded, tokens) }
        for layer in 0..<layerCount {
            let inputs = layer == 0 ? embedded ?? tokens : units
            add(.inputWeights(layer: layer), "rnn.weight_ih_l\(layer)", inputs, seeingInput)
            if cell.hasRecurrentProduct {
                add(.recurrentWeights(layer: layer), "rnn.weight_hh_l\(layer)", units, matrices)
            }
            add(.inputBias(layer: layer), "rnn.bias_ih_l\(layer)", one, gates)
            if cell.hasRecurrentProduct { add(.recurrentBias(layer: layer), "rnn.bias_hh_l\(layer)", one, gates) }
        }
        add(.decoderWeights, "decoder.weight", units, tokens)
        add(.decoderBias, "decoder.bias", one, tokens)
        self.cell = cell
        self.vocabularySize = vocabularySize
        self.embeddingSize = embeddingSize
        self.hiddenSize = hiddenSize
        self.layerCount = layerCount
        self.entries = entries
        self.count = count
    }

    /// The parameter of a role, if the network has it.
    func entry(_ role: Role) -> Entry? { entries.first { $0.role == role } }

    /// The parameter of a role that the network has.
    subscript(role: Role) -> Entry {
        guard let entry = entry(role) else {
            preconditionFailure("a network of \(cell) layers has no \(role)")
        }
        return entry
    }
}
