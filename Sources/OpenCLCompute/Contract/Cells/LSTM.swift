import CPUKernels

extension RecurrentCell {
    /// Long short-term memory (Hochreiter and Schmidhuber 1997; Graves 2013 without peepholes). Gates i, f, g, o:
    /// c = σ(f)∘c′ + σ(i)∘tanh(g), h = σ(o)∘tanh(c).
    ///
    /// The forget gate is open at first, so that the layer remembers from the start (Jozefowicz et al. 2015).
    public static let lstm = RecurrentCell(
        "lstm", title: "LSTM", gates: ["i", "f", "g", "o"], carriesMemory: true,
        halfSteps: [
            HalfStep("lstm", of: .hidden(gates: 0..<4), forward: cpu_lstm_forward, backward: cpu_lstm_backward)
        ],
        openGates: [1],
        // i, f, o, g in char-rnn
        torchMatrices: [(false, [0, 1, 3, 2]), (true, [0, 1, 3, 2])])
}
