import Foundation
import OpenCLCompute

/// jcjohnson/torch-rnn's network and its file, in its own order and with its own equations.
package struct OriginalTorchRNN: Sendable {
    package let cell: RecurrentCell
    package let tokens: [String]
    package let hiddenSize: Int
    package let hasNormalization: Bool
    /// V × D
    package var embedding: [[Double]]
    /// Per layer (inputs + H) × G·H, and one bias.
    package var layers: [(weights: [[Double]], bias: [Double])]
    package var normalizations: [Normalization]
    package var decoder: OriginalLinear

    package struct Normalization: Sendable {
        var mean: [Double]
        var variance: [Double]
        var weight: [Double]
        var bias: [Double]
        let epsilon = 1e-5
    }

    /// - Parameter tokens: in the order of their numbers, which is that of their first appearance.
    package init(
        _ cell: RecurrentCell, tokens: [String], embeddingSize: Int, hiddenSize h: Int, layerCount: Int,
        hasNormalization: Bool
    ) {
        precondition(cell != .gru, "torch-rnn has no GRU")
        var numbers = Numbers()
        func matrix(_ rows: Int, _ columns: Int) -> [[Double]] {
            (0..<rows).map { _ in numbers.floats(columns).asDoubles }
        }
        self.cell = cell
        self.tokens = tokens
        hiddenSize = h
        self.hasNormalization = hasNormalization
        embedding = matrix(tokens.count, embeddingSize)
        layers = (0..<layerCount).map { layer in
            let width = cell.gateCount * h
            return (matrix((layer == 0 ? embeddingSize : h) + h, width), matrix(1, width)[0])
        }
        normalizations = (0..<layerCount).map { _ in
            Normalization(
                mean: numbers.floats(h).asDoubles, variance: numbers.floats(h, in: 0.1...2).asDoubles,
                weight: numbers.floats(h).asDoubles, bias: numbers.floats(h).asDoubles)
        }
        decoder = OriginalLinear(tokens.count, h, &numbers)
    }

    // MARK: What it computes

    /// ln p of every token after each of `text`, from the zero state; tokens by number from 0 on.
    package func logProbabilities(after text: [Int]) -> [[Double]] {
        let zeros = [Double](repeating: 0, count: hiddenSize)
        var states = [(h: [Double], c: [Double])](repeating: (zeros, zeros), count: layers.count)
        return text.map { token in
            var x = embedding[token]
            for (index, layer) in layers.enumerated() {
                let entering = x + states[index].h
                let a = layer.bias.indices.map { column in
                    entering.indices.reduce(layer.bias[column]) { $0 + entering[$1] * layer.weights[$1][column] }
                }
                states[index] = cell == .lstm ? originalLSTM(a, states[index].c) : (a.map(tanh), [])
                x = states[index].h
                if hasNormalization { x = normalized(x, normalizations[index]) }
            }
            return logSoftMax(decoder(x))
        }
    }

    private func normalized(_ x: [Double], _ n: Normalization) -> [Double] {
        x.indices.map {
            (x[$0] - n.mean[$0]) / (n.variance[$0] + n.epsilon).squareRoot() * n.weight[$0] + n.bias[$0]
        }
    }

    // MARK: Its file

    package var bytes: [UInt8] {
        var modules: [TorchDatum] = [.instance("nn.LookupTable", [("weight", tensor(embedding))])]
        for (layer, normalization) in zip(layers, normalizations) {
            modules.append(
                .instance(
                    cell == .lstm ? "nn.LSTM" : "nn.VanillaRNN",
                    [("weight", tensor(layer.weights)), ("bias", tensor(layer.bias))]))
            if hasNormalization {
                let fields = [
                    ("running_mean", tensor(normalization.mean)), ("running_var", tensor(normalization.variance)),
                    ("weight", tensor(normalization.weight)), ("bias", tensor(normalization.bias)),
                    ("eps", .number(normalization.epsilon)),
                ]
                let view = TorchDatum.instance("nn.View", [])
                modules += [view, .instance("nn.BatchNormalization", fields), view]
            }
            modules.append(.instance("nn.Dropout", [("p", .number(0.25))]))
        }
        modules += [
            .instance("nn.View", []),
            .instance("nn.Linear", [("weight", tensor(decoder.weights)), ("bias", tensor(decoder.bias))]),
            .instance("nn.View", []),
        ]
        let model = TorchDatum.instance(
            "nn.LanguageModel",
            [
                ("idx_to_token", .list(tokens.map { .text($0) })),
                ("net", .instance("nn.Sequential", [("modules", .list(modules))])),
            ])
        return TorchWriter.bytes(
            .fields([("opt", .fields([("dropout", .number(0.25))])), ("model", model), ("i", .number(9))]))
    }

    private func tensor(_ rows: [[Double]]) -> TorchDatum {
        tensor(Array(rows.joined()), sizes: [rows.count, rows[0].count], strides: [rows[0].count, 1])
    }

    private func tensor(_ row: [Double]) -> TorchDatum { tensor(row, sizes: [row.count], strides: [1]) }

    private func tensor(_ numbers: [Double], sizes: [Int], strides: [Int]) -> TorchDatum {
        .tensor(
            "torch.FloatTensor", sizes: sizes, strides: strides, first: 1,
            storage: .storage("torch.FloatStorage", numbers))
    }
}
