extension StateDictionaryNetwork {
    /// The parameters under the names of a checkpoint: the embedding folded into the first layer's weights, biases that
    /// are not there zero.
    ///
    /// - Parameter order: for each row of the decoder the token that it belongs to.
    /// - Throws: ``StateDictionaryFault``.
    func tensors(order: [Int]) throws -> [Tensor] {
        let (h, v) = (hiddenSize, vocabularySize)
        let gates = cell.gateCount * h
        let (inputRows, hiddenRows) = (cell.inputGates.count * h, cell.recurrentMatrixCount * h)
        var result: [Tensor] = []
        var known: Set<String> = []
        func take(_ name: String, _ shape: [Int]) throws -> Tensor? {
            known.insert(name)
            guard let tensor = recurrent[name] else { return nil }
            guard tensor.shape == shape else {
                throw StateDictionaryFault("its '\(name)' has the shape \(tensor.shape), expected \(shape)")
            }
            return tensor
        }
        // All shapes are looked at before anything is made: a short file must not reserve much.
        guard decoder.shape == [v, h], decoderBias == nil || decoderBias?.shape == [v] else {
            throw StateDictionaryFault(
                "its decoder has the shape \(decoder.shape) and a bias of \(decoderBias?.shape ?? []), where the "
                    + "layers have \(h) units")
        }
        for layer in 0..<layerCount {
            let inputs = layer > 0 ? h : embedding?.shape[1] ?? v
            let names = ["weight_ih_l\(layer)", "weight_hh_l\(layer)", "bias_ih_l\(layer)", "bias_hh_l\(layer)"]
            let shapes = [[inputRows, inputs], [hiddenRows, h], [gates], [gates]]
            let found = try zip(names, shapes).map { try take($0, $1) }
            guard let input = found[0], let hidden = found[1] else {
                throw StateDictionaryFault("it has no tensor '\(names[found[0] == nil ? 0 : 1])'")
            }
            guard (found[2] == nil) == (found[3] == nil) else {
                throw StateDictionaryFault("it has one of '\(names[2])' and '\(names[3])', but not the other")
            }
            result.append(
                Tensor(
                    name: "rnn." + names[0], shape: [inputRows, layer == 0 ? v : h],
                    values: layer == 0 ? folded(input, order: order) : input.values))
            result.append(Tensor(name: "rnn." + names[1], shape: hidden.shape, values: hidden.values))
            for (name, bias) in zip(names[2...], found[2...]) {
                let values = bias?.values ?? [Float](repeating: 0, count: gates)
                result.append(Tensor(name: "rnn." + name, shape: [gates], values: values))
            }
        }
        if let other = Set(recurrent.keys).subtracting(known).min() {
            throw StateDictionaryFault("it has '\(other)' and no layer of that number")
        }
        var (weights, bias) = ([Float](repeating: 0, count: v * h), [Float](repeating: 0, count: v))
        for (row, token) in order.enumerated() {
            weights.replaceSubrange(token * h..<(token + 1) * h, with: decoder.values[row * h..<(row + 1) * h])
            if let decoderBias { bias[token] = decoderBias.values[row] }
        }
        result.append(Tensor(name: "decoder.weight", shape: [v, h], values: weights))
        result.append(Tensor(name: "decoder.bias", shape: [v], values: bias))
        return result
    }

    /// The weights of the first layer for one-hot tokens, as many rows × V: the product of a row with the embedding of each token.
    private func folded(_ weights: Tensor, order: [Int]) -> [Float] {
        let (rows, inputs, v) = (weights.shape[0], weights.shape[1], vocabularySize)
        var result = [Float](repeating: 0, count: rows * v)
        for row in 0..<rows {
            let start = row * inputs
            for (place, token) in order.enumerated() {
                guard let embedding else {
                    result[row * v + token] = weights.values[start + place]
                    continue
                }
                var sum = 0.0
                for i in 0..<inputs {
                    sum += Double(weights.values[start + i]) * Double(embedding.values[place * inputs + i])
                }
                result[row * v + token] = Float(sum)
            }
        }
        return result
    }
}
