import OpenCLCompute

/// The backward pass.
extension UnrolledNetwork {
    /// From the gradient of the logits to that of all parameters, after ``forward(dropout:)`` with the same masks.
    /// It is made from the end of the parameters to their start.
    func backward(
        dropout: DropoutStep?, into gradient: Parameters, isMade: ((_ start: Int) throws -> Void)?
    ) throws {
        func tell(_ role: ParameterLayout.Role, row: Int = 0) throws {
            try isMade?(parameters.layout[role].index(row: row, column: 0))
        }

        let top = dropout == nil ? layers.last!.outputs : outputGradient
        try backend.multiply(top.transposed, logits, into: gradient.decoderWeights)
        try backend.columnSums(of: logits, into: gradient.decoderBias)
        try tell(.decoderWeights)
        try backend.multiply(logits, parameters.decoderWeights.transposed, into: outputGradient)
        for (index, sequence) in layers.enumerated().reversed() {
            if let dropout {
                let mask = mask(dropout, layer: index)
                try backend.dropout(outputGradient.elements, mask: mask, into: outputGradient.elements)
            }
            try backend.backward(
                sequence, weights: parameters.recurrentWeights[index], outputGradient: outputGradient)
            try backend.biasGradient(of: sequence, into: gradient.recurrentWeights[index])
            for rows in recurrentRows(of: index, inParts: isMade != nil) {
                try backend.recurrentGradient(of: sequence, rows: rows, into: gradient.recurrentWeights[index])
                if sequence.cell.hasRecurrentProduct { try tell(.recurrentWeights(layer: index), row: rows.lowerBound) }
            }
            if index > 0 {
                let below = try dropout.map { try dropped($0, layer: index - 1) } ?? layers[index - 1].outputs
                try backend.multiply(below.transposed, sequence.inputs, into: gradient.inputWeights[index])
                try tell(.inputWeights(layer: index))
                try backend.multiply(
                    sequence.inputs, parameters.inputWeights[index].transposed, into: outputGradient)
            } else {
                try tokens.backward(
                    sequence.inputs, by: inputGroups, of: inputTokens, dropout: dropout.map { embeddingMask($0) },
                    into: gradient)
            }
        }
    }

    /// The rows of U whose gradient is one product, the last first. In parts, of half a megabyte or more, the first of them
    /// travels while the others are made. That of the lowest layer comes when nothing is left to do but wait until it has
    /// travelled, so its parts are smaller; each reads all gates once more.
    private func recurrentRows(of layer: Int, inParts: Bool) -> [Range<Int>] {
        let h = parameters.layout.hiddenSize
        let size = parameters.recurrentWeights[layer].recurrent.elements.count
        let count = inParts ? max(1, min(layer == 0 ? 8 : 4, size >> 17)) : 1
        return (0..<count).reversed().map { h * $0 / count..<h * ($0 + 1) / count }
    }
}
