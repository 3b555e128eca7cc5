import CPUKernels

extension RecurrentCell {
    /// The plain layer (Elman 1990): h = tanh(Wx + Uh′). Its one gate, h, is its output.
    public static let rnn = RecurrentCell(
        "rnn", title: "RNN", gates: ["h"],
        halfSteps: [
            HalfStep("rnn", of: .hidden(gates: 0..<1), forward: cpu_rnn_forward, backward: cpu_rnn_backward)
        ],
        torchMatrices: [(false, [0]), (true, [0])])
}
