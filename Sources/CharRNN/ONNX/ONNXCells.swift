import OpenCLCompute

/// One recurrent layer in ONNX's operators: a case for each cell, in ``ONNXLayer/append(_:to:)``.
struct ONNXLayer {
    let index: Int
    let hiddenSize: Int
    /// The layer's input, steps × streams × inputs.
    let input: String
    /// The states before the first step, each 1 × streams × H, in the order of ``stateNames(_:)``.
    let states: [String]
    /// The checkpoint's tensor of a name, which is without the layer's number: `weight_ih`.
    let weights: (String) -> Tensor

    /// The output, steps × streams × H, and the states after the last step, named like those before.
    struct Result {
        let output: String
        let states: [String]
    }

    /// What a layer of the cell carries from step to step.
    static func stateNames(_ cell: RecurrentCell) -> [String] {
        switch cell {
        case .lstm: ["hidden", "memory"]
        case .gru, .rnn: ["hidden"]
        }
    }

    func append(_ cell: RecurrentCell, to graph: inout ONNXGraph) -> Result {
        switch cell {
        // ONNX has the gates i, o, f, g; we i, f, g, o.
        case .lstm: append("LSTM", gates: [0, 3, 1, 2], to: &graph)
        // ONNX has z, r, n; we r, z, n. Its z is the share of the old state, ours that of the new: 1 − σ(x) = σ(−x).
        case .gru: append("GRU", gates: [1, 0, 2], negated: [1], ["linear_before_reset": .int(0)], to: &graph)
        case .rnn: append("RNN", gates: [0], to: &graph)
        }
    }

    /// One of ONNX's own recurrent operators.
    ///
    /// - Parameters:
    ///   - gates: which of our gates stands in each of the operator's places.
    ///   - negated: those of ours whose weights change their sign.
    private func append(
        _ operation: String, gates: [Int], negated: Set<Int> = [],
        _ attributes: [String: ONNXGraph.Attribute] = [:], to graph: inout ONNXGraph
    ) -> Result {
        func reordered(_ name: String) -> (values: [Float], columns: Int) {
            let tensor = weights(name)
            let size = tensor.values.count / gates.count
            let values = gates.flatMap { gate in
                let rows = tensor.values[gate * size..<(gate + 1) * size]
                return negated.contains(gate) ? rows.map { -$0 } : Array(rows)
            }
            return (values, size / hiddenSize)
        }
        func matrix(_ name: String) -> String {
            let (values, columns) = reordered(name)
            return graph.constant("\(name)_l\(index)", values, shape: [1, gates.count * hiddenSize, columns])
        }
        let bias = reordered("bias_ih").values + reordered("bias_hh").values
        let operands = [
            input, matrix("weight_ih"), matrix("weight_hh"),
            graph.constant("bias_l\(index)", bias, shape: [1, bias.count]), "",
        ]
        let last = states.map { "\($0)_after" }
        let outputs = graph.node(
            operation, operands + states, to: ["outputs_l\(index)_directions"] + last,
            attributes: attributes.merging(["hidden_size": .int(hiddenSize)]) { $1 })
        // The operator has a dimension for the directions, of which there is one: steps × 1 × streams × H.
        return Result(
            output: graph.node("Squeeze", [outputs, "directions"], to: ["outputs_l\(index)"]), states: last)
    }
}
