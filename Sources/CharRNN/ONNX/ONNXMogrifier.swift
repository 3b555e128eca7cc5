import OpenCLCompute

extension ONNXLayer {
    /// What the input gives to all steps at once, 2x̂; then from step to step x¹ = q∘2x̂, h¹ = r∘2h and the LSTM that these
    /// enter. A bias of each gate is the sum of its two.
    func appendMogrifier(to graph: inout ONNXGraph) -> Result {
        let (matrix, u) = (weights("weight_ih"), weights("weight_hh").values)
        let bias = zip(weights("bias_ih").values, weights("bias_hh").values).map { $0 + $1 }
        let h = hiddenSize
        func name(_ what: String) -> String { "\(what)_l\(index)" }
        graph.constant(name("weight_ih"), matrix.values, shape: matrix.shape)
        graph.constant(name("input_bias"), Array(bias[(6 * h)...]), shape: [h])
        graph.constant(name("two"), [Float(2)], shape: [1])
        graph.constant(name("layer"), [0])
        graph.node("Transpose", [name("weight_ih")], to: [name("weight")])
        graph.node("MatMul", [input, name("weight")], to: [name("products")])
        graph.node("Add", [name("products"), name("input_bias")], to: [name("x")])
        graph.node("Mul", [name("x"), name("two")], to: [name("x_twice")])
        let before = states.map { graph.node("Squeeze", [$0, name("layer")], to: ["\($0)_before"]) }

        var step = ONNXGraph(name: name("step"))
        let shape: [ONNXGraph.Dimension] = [.named("streams"), .size(h)]
        for operand in ["h", "c", "x_t"] { step.input(operand, .float, shape) }
        for result in ["h_next", "c_next", "h_t"] { step.output(result, .float, shape) }
        /// The operand times some rows of U, H for each of the numbers, and what is added to it.
        func product(_ operand: String, rows: Range<Int>, adding other: String, to result: String) {
            step.constant(
                "weight_\(result)", Array(u[rows.lowerBound * h * h..<rows.upperBound * h * h]),
                shape: [rows.count * h, h])
            step.node("Gemm", [operand, "weight_\(result)", other], to: [result], attributes: ["transB": .int(1)])
        }
        step.constant("bias_q", Array(bias[..<h]), shape: [h])
        step.constant("bias_r", Array(bias[h..<2 * h]), shape: [h])
        step.constant("bias_lstm", Array(bias[2 * h..<6 * h]), shape: [4 * h])
        step.constant("two", [Float(2)], shape: [1])
        product("h", rows: 0..<1, adding: "bias_q", to: "q_argument")
        step.node("Sigmoid", ["q_argument"], to: ["q"])
        step.node("Mul", ["q", "x_t"], to: ["x_gated"])
        product("x_gated", rows: 1..<2, adding: "bias_r", to: "r_argument")
        step.node("Sigmoid", ["r_argument"], to: ["r"])
        step.node("Mul", ["h", "two"], to: ["h_twice"])
        step.node("Mul", ["r", "h_twice"], to: ["h_gated"])
        product("x_gated", rows: 2..<6, adding: "bias_lstm", to: "of_x")
        product("h_gated", rows: 6..<10, adding: "of_x", to: "of_both")
        let gates = [("i", "Sigmoid"), ("f", "Sigmoid"), ("g", "Tanh"), ("o", "Sigmoid")]
        step.node("Split", ["of_both"], to: gates.map { "\($0.0)_argument" }, attributes: ["axis": .int(1)])
        for (gate, activation) in gates { step.node(activation, ["\(gate)_argument"], to: [gate]) }
        step.node("Mul", ["f", "c"], to: ["kept"])
        step.node("Mul", ["i", "g"], to: ["new"])
        step.node("Add", ["kept", "new"], to: ["c_next"])
        step.node("Tanh", ["c_next"], to: ["c_tanh"])
        step.node("Mul", ["o", "c_tanh"], to: ["h_next"])
        step.node("Identity", ["h_next"], to: ["h_t"])

        let last = states.map { "\($0)_last" }
        graph.node(
            "Scan", before + [name("x_twice")], to: last + [name("outputs")],
            attributes: ["body": .graph(step), "num_scan_inputs": .int(1)])
        let after = zip(states, last).map { graph.node("Unsqueeze", [$1, name("layer")], to: ["\($0)_after"]) }
        return Result(output: name("outputs"), states: after)
    }
}
