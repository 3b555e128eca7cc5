import OpenCLCompute

/// A buffer in the layout of the parameters: the parameters themselves, their gradients or an optimizer's moments.
struct Parameters: Sendable {
    let layout: ParameterLayout
    /// Where they lie.
    let backend: any Backend
    /// All of them in one piece.
    let buffer: Buffer<Float>
    private let matrices: [ParameterLayout.Role: Matrix]

    /// All zero.
    init(_ layout: ParameterLayout, on backend: any Backend) throws {
        let buffer = try backend.makeBuffer(of: Float.self, count: layout.count)
        self.layout = layout
        self.backend = backend
        self.buffer = buffer
        matrices = Dictionary(
            uniqueKeysWithValues: layout.entries.map {
                ($0.role, Matrix(buffer[$0.range], rows: $0.rows, columns: $0.columns))
            })
    }

    /// W of a layer: V or H × G·H.
    func inputWeights(_ layer: Int) -> Matrix { self[.inputWeights(layer: layer)] }
    /// U and the biases of a layer; for a cell that multiplies no state the input's alone.
    func recurrentWeights(_ layer: Int) -> RecurrentWeights {
        let none = buffer[0..<0]
        return RecurrentWeights(
            recurrent: matrices[.recurrentWeights(layer: layer)] ?? Matrix(none, rows: layout.hiddenSize, columns: 0),
            inputBias: self[.inputBias(layer: layer)].elements,
            recurrentBias: matrices[.recurrentBias(layer: layer)]?.elements ?? none)
    }
    /// H × V
    var decoderWeights: Matrix { self[.decoderWeights] }
    /// V
    var decoderBias: Buffer<Float> { self[.decoderBias].elements }

    private subscript(role: ParameterLayout.Role) -> Matrix {
        guard let matrix = matrices[role] else {
            preconditionFailure("a network of \(layout.cell) layers has no \(role)")
        }
        return matrix
    }
}
