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
        cell.carriesMemory ? ["hidden", "memory"] : ["hidden"]
    }

    func append(_ cell: RecurrentCell, to graph: inout ONNXGraph) -> Result {
        switch cell {
        // ONNX has the gates i, o, f, g; we i, f, g, o.
        case .lstm: append("LSTM", gates: [0, 3, 1, 2], to: &graph)
        // ONNX has z, r, n; we r, z, n. Its z is the share of the old state, ours that of the new: 1 − σ(x) = σ(−x).
        case .gru: append("GRU", gates: [1, 0, 2], negated: [1], ["linear_before_reset": .int(0)], to: &graph)
        case .rnn: append("RNN", gates: [0], to: &graph)
        case .minGRU: appendMinGRU(to: &graph)
        case .mogrifier: appendMogrifier(to: &graph)
        default: preconditionFailure("\(cell) has no operators of ONNX here")
        }
    }

    /// The gates of all steps at once, then h + z∘(n − h) from step to step.
    private func appendMinGRU(to graph: inout ONNXGraph) -> Result {
        let (matrix, bias) = (weights("weight_ih"), weights("bias_ih"))
        func name(_ what: String) -> String { "\(what)_l\(index)" }
        graph.constant(name("weight_ih"), matrix.values, shape: matrix.shape)
        graph.constant(name("bias_ih"), bias.values, shape: bias.shape)
        graph.constant(name("layer"), [0])
        graph.node("Transpose", [name("weight_ih")], to: [name("weight")])
        graph.node("MatMul", [input, name("weight")], to: [name("products")])
        graph.node("Add", [name("products"), name("bias_ih")], to: [name("gates")])
        graph.node("Split", [name("gates")], to: [name("z_argument"), name("n")], attributes: ["axis": .int(2)])
        graph.node("Sigmoid", [name("z_argument")], to: [name("z")])
        graph.node("Squeeze", [states[0], name("layer")], to: [name("before")])

        var step = ONNXGraph(name: name("step"))
        let shape: [ONNXGraph.Dimension] = [.named("streams"), .size(hiddenSize)]
        for operand in ["h", "z_t", "n_t"] { step.input(operand, .float, shape) }
        for result in ["h_next", "h_t"] { step.output(result, .float, shape) }
        step.node("Sub", ["n_t", "h"], to: ["difference"])
        step.node("Mul", ["z_t", "difference"], to: ["change"])
        step.node("Add", ["h", "change"], to: ["h_next"])
        step.node("Identity", ["h_next"], to: ["h_t"])
        graph.node(
            "Scan", [name("before"), name("z"), name("n")], to: [name("last"), name("outputs")],
            attributes: ["body": .graph(step), "num_scan_inputs": .int(2)])
        let after = graph.node("Unsqueeze", [name("last"), name("layer")], to: ["\(states[0])_after"])
        return Result(output: name("outputs"), states: [after])
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
        let directions = graph.constant("directions_l\(index)", [1])
        return Result(
            output: graph.node("Squeeze", [outputs, directions], to: ["outputs_l\(index)"]), states: last)
    }
}
