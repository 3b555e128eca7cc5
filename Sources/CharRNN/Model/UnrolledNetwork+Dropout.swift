import OpenCLCompute

/// By which the masks of a training step are drawn.
struct DropoutStep {
    let seed: UInt64
    let step: UInt64
}

/// What is dropped in training.
extension UnrolledNetwork {
    /// The outputs of a layer after dropout, in the place of ``outputGradient``.
    func dropped(_ dropout: DropoutStep, layer: Int) throws -> Matrix {
        try backend.dropout(
            layers[layer].outputs.elements, mask: mask(dropout, layer: layer), into: outputGradient.elements)
        return outputGradient
    }

    /// The mask of the embedding, the same for all streams.
    func embeddingMask(_ dropout: DropoutStep) -> DropoutMask {
        DropoutMask(probability: dropProbability, seed: dropout.seed, step: dropout.step, layer: .max)
    }

    /// The mask of a layer's outputs: whoever runs a share of the streams drops what one that runs all would drop there.
    func mask(_ dropout: DropoutStep, layer: Int) -> DropoutMask {
        let h = parameters.layout.hiddenSize
        return DropoutMask(
            probability: dropProbability, seed: dropout.seed, step: dropout.step, layer: UInt32(layer),
            window: .init(first: streams.range.lowerBound * h, length: streams.count * h, stride: streams.total * h))
    }
}
