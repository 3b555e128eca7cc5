import OpenCLCompute

/// A buffer in the layout of the parameters: the parameters themselves, their gradients or an optimizer's moments.
struct Parameters: Sendable {
    let layout: ParameterLayout
    /// Where they lie.
    let backend: any Backend
    /// All of them in one piece.
    let buffer: Buffer<Float>

    /// E, D × V, if there is one.
    let embedding: Matrix?
    /// W of each layer: V, D or H × G·H, of the gates that see the input.
    private(set) var inputWeights: [Matrix]
    /// U and the biases of each layer; for a cell that multiplies no state the input's alone.
    private(set) var recurrentWeights: [RecurrentWeights]
    /// H × V
    private(set) var decoderWeights: Matrix
    /// V
    let decoderBias: Buffer<Float>

    /// Whether products with them are rounded to 8 bits.
    var areQuantized: Bool { decoderWeights.quantizedPanels != nil }

    /// All zero.
    init(_ layout: ParameterLayout, on backend: any Backend) throws {
        let buffer = try backend.makeBuffer(of: Float.self, count: layout.count)
        func matrix(_ entry: ParameterLayout.Entry) -> Matrix {
            Matrix(buffer[entry.range], rows: entry.rows, columns: entry.columns)
        }
        let none = Matrix(buffer[0..<0], rows: layout.hiddenSize, columns: 0)
        self.layout = layout
        self.backend = backend
        self.buffer = buffer
        embedding = layout.entry(.embedding).map(matrix)
        inputWeights = (0..<layout.layerCount).map { matrix(layout[.inputWeights(layer: $0)]) }
        recurrentWeights = (0..<layout.layerCount).map { layer in
            RecurrentWeights(
                recurrent: layout.entry(.recurrentWeights(layer: layer)).map(matrix) ?? none,
                inputBias: matrix(layout[.inputBias(layer: layer)]).elements,
                recurrentBias: layout.entry(.recurrentBias(layer: layer)).map(matrix)?.elements ?? none.elements)
        }
        decoderWeights = matrix(layout[.decoderWeights])
        decoderBias = matrix(layout[.decoderBias]).elements
    }

    /// The same, with the weights arranged for many products. They must not change meanwhile.
    ///
    /// - Throws: `DeviceError`.
    func arranged() throws -> Parameters { try mapFactors { try backend.arranged($0) } }

    /// The same, with the weights in 8 bits where they are multiplied by. They must not change meanwhile.
    ///
    /// - Throws: `DeviceError`.
    func quantized() throws -> Parameters { try mapFactors { try backend.quantized($0) } }

    private func mapFactors(_ change: (Matrix) throws -> Matrix) rethrows -> Parameters {
        var result = self
        // Those of the first layer are looked up, row by row.
        for layer in 1..<max(1, layout.layerCount) { result.inputWeights[layer] = try change(inputWeights[layer]) }
        result.recurrentWeights = try recurrentWeights.map { try $0.mapFactors(of: layout.cell, change) }
        result.decoderWeights = try change(decoderWeights)
        return result
    }
}
