import Glibc

// The first values of parameters, before anything is learned.
extension ParameterLayout {
    /// Every weight and bias uniform in ±0.08, in the order of the layout, then the open gates.
    func uniformValues(using generator: inout some RandomNumberGenerator) -> [Float] {
        var values = (0..<count).map { _ in Float((2 * generator.uniform() - 1) * 0.08) }
        drawEmbedding(into: &values) { generator.uniform() }
        openGates(of: &values)
        return values
    }

    /// Draws an embedding from the normal distribution of variance 1, as PyTorch does, by the method of Box and Muller.
    ///
    /// - Parameter uniform: a number in [0, 1).
    func drawEmbedding(into values: inout [Float], uniform: () -> Double) {
        for index in entry(.embedding)?.range ?? 0..<0 {
            let radius = (-2 * log(1 - uniform())).squareRoot()
            values[index] = Float(radius * cos(2 * .pi * uniform()))
        }
    }

    /// Sets the input biases of the cell's open gates to 1: an LSTM whose forget gates are open remembers from the start
    /// (Jozefowicz et al. 2015).
    func openGates(of values: inout [Float]) {
        for layer in 0..<layerCount {
            let bias = self[.inputBias(layer: layer)]
            for gate in cell.openGates {
                let start = bias.index(column: gate * hiddenSize)
                values.replaceSubrange(start..<start + hiddenSize, with: repeatElement(1, count: hiddenSize))
            }
        }
    }
}
