import OpenCLCompute

/// A buffer in the layout of the parameters: the parameters themselves, their gradients or an optimizer's moments.
struct Parameters: Sendable {
    let layout: ParameterLayout
    /// Where they lie.
    let backend: any Backend
    /// All of them in one piece.
    let buffer: Buffer<Float>

    /// W of each layer: V or H × G·H.
    let inputWeights: [Matrix]
    /// U and the biases of each layer.
    let recurrentWeights: [RecurrentWeights]
    /// H × V
    let decoderWeights: Matrix
    /// V
    let decoderBias: Buffer<Float>

    /// All zero.
    init(_ layout: ParameterLayout, on backend: any Backend) throws {
        let buffer = try backend.makeBuffer(of: Float.self, count: layout.count)
        func matrix(_ role: ParameterLayout.Role) -> Matrix {
            let entry = layout[role]
            return Matrix(buffer[entry.range], rows: entry.rows, columns: entry.columns)
        }
        self.layout = layout
        self.backend = backend
        self.buffer = buffer
        inputWeights = (0..<layout.layerCount).map { matrix(.inputWeights(layer: $0)) }
        recurrentWeights = (0..<layout.layerCount).map {
            guard layout.cell.hasRecurrentProduct else {
                let none = buffer[0..<0]
                return RecurrentWeights(
                    recurrent: Matrix(none, rows: layout.hiddenSize, columns: 0),
                    inputBias: matrix(.inputBias(layer: $0)).elements, recurrentBias: none)
            }
            return RecurrentWeights(
                recurrent: matrix(.recurrentWeights(layer: $0)), inputBias: matrix(.inputBias(layer: $0)).elements,
                recurrentBias: matrix(.recurrentBias(layer: $0)).elements)
        }
        decoderWeights = matrix(.decoderWeights)
        decoderBias = matrix(.decoderBias).elements
    }
}
