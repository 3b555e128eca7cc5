import OpenCLCompute

/// The whole network in double precision: one-hot input, recurrent layers, dropout, decoder, softmax cross-entropy.
///
/// It has its own idea of where the parameters lie: an embedding of D numbers, D × V, if there is one; per layer W (inputs × G·H), U (H × G·H) and the two biases, then
/// the decoder's H × V and its bias.
package struct ReferenceNetwork: Sendable {
    package struct Dropout: Sendable {
        let probability: Float
        let seed: UInt64
        let step: UInt64

        package init(probability: Float, seed: UInt64, step: UInt64) {
            self.probability = probability
            self.seed = seed
            self.step = step
        }
    }

    package let cell: RecurrentCell
    package let vocabularySize: Int
    package let embeddingSize: Int?
    package let hiddenSize: Int
    package let layerCount: Int
    package let batchSize: Int
    package var parameters: [Double]
    /// Per layer the state before the next batch, B × H; c of an LSTM in `memory`.
    package var hidden: [[Double]]
    package var memory: [[Double]]
    /// What the last batch has left in each layer.
    package private(set) var activations: [ReferenceRecurrence.Activations] = []
    /// The logits of the last batch, T·B × V.
    package private(set) var logits: [Double] = []

    /// In the zero state.
    package init(
        _ cell: RecurrentCell, vocabularySize: Int, embeddingSize: Int? = nil, hiddenSize: Int, layerCount: Int,
        batchSize: Int, parameters: [Double]
    ) {
        self.cell = cell
        self.vocabularySize = vocabularySize
        self.embeddingSize = embeddingSize
        self.hiddenSize = hiddenSize
        self.layerCount = layerCount
        self.batchSize = batchSize
        self.parameters = parameters
        hidden = Array(repeating: Array(repeating: 0, count: batchSize * hiddenSize), count: layerCount)
        memory = hidden
    }

    /// −ln p of each target, time-major. The state afterwards is that after the batch.
    package mutating func read(_ inputs: [Int32], targets: [Int32], dropout: Dropout? = nil) -> [Double] {
        let steps = inputs.count / batchSize
        let (width, inputWidth) = (cell.gateCount * hiddenSize, cell.inputGates.count * hiddenSize)
        let stateCount = batchSize * hiddenSize
        var position = 0
        func take(_ count: Int) -> [Double] {
            defer { position += count }
            return Array(parameters[position..<position + count])
        }
        var embedding = take((embeddingSize ?? 0) * vocabularySize)
        if let dropout { embedding = Self.drop(embedding, dropout, layer: .max) }
        var x: [Double] = []
        self.activations = []
        for layer in 0..<layerCount {
            let products: [Double]
            if layer == 0, embeddingSize == nil {
                products = Reference.gather(take(vocabularySize * inputWidth), at: inputs, columns: inputWidth)
            } else {
                if layer == 0 { x = embedded(inputs, embedding) }
                let inner = x.count / (steps * batchSize)
                products = Reference.product(
                    x, take(inner * inputWidth), rows: steps * batchSize, inner: inner, columns: inputWidth)
            }
            // Zero for the gates that see no input.
            var entering = [Double](repeating: 0, count: steps * batchSize * width)
            for (index, product) in products.enumerated() {
                let first = index / inputWidth * width + cell.inputGates.lowerBound * hiddenSize
                entering[first + index % inputWidth] = product
            }
            let activations = ReferenceRecurrence(
                cell, steps: steps, batchSize: batchSize, hiddenSize: hiddenSize, inputs: entering,
                hidden: hidden[layer], memory: memory[layer],
                recurrent: take(hiddenSize * cell.recurrentMatrixCount * hiddenSize), inputBias: take(width),
                recurrentBias: take(cell.hasRecurrentProduct ? width : 0)
            ).forward()
            self.activations.append(activations)
            hidden[layer] = Array(activations.hidden.suffix(stateCount))
            if cell.carriesMemory { memory[layer] = Array(activations.memory.suffix(stateCount)) }
            x = activations.outputs(after: stateCount)
            if let dropout { x = Self.drop(x, dropout, layer: UInt32(layer)) }
        }
        let products = Reference.product(
            x, take(hiddenSize * vocabularySize), rows: steps * batchSize, inner: hiddenSize, columns: vocabularySize)
        logits = Reference.addBias(take(vocabularySize), to: products)
        precondition(position == parameters.count, "\(parameters.count) parameters where \(position) are used")
        return Reference.crossEntropy(logits, targets: targets, classes: vocabularySize)
    }

    /// What training makes small: the sum over time of the mean over the streams.
    package func objective(
        _ parameters: [Double], inputs: [Int32], targets: [Int32], dropout: Dropout?
    ) -> Double {
        var network = self
        network.parameters = parameters
        return network.read(inputs, targets: targets, dropout: dropout).reduce(0, +) / Double(batchSize)
    }

    /// The numbers of each token, T·B × D.
    private func embedded(_ inputs: [Int32], _ embedding: [Double]) -> [Double] {
        inputs.flatMap { token in (0..<embeddingSize!).map { embedding[$0 * vocabularySize + Int(token)] } }
    }

    private static func drop(_ x: [Double], _ dropout: Dropout, layer: UInt32) -> [Double] {
        let kept = Reference.keptUnits(
            x.count, probability: dropout.probability, seed: dropout.seed, step: dropout.step, layer: layer)
        return zip(x, kept).map { $1 ? $0 / (1 - Double(dropout.probability)) : 0 }
    }
}
