import CPUKernels

extension RecurrentCell {
    /// A Mogrifier LSTM of two rounds (Melis et al. 2020, "Mogrifier LSTM"): before each step of an LSTM its input and its
    /// state gate one another, x¹ = 2σ(Qh′)∘x̂, then h¹ = 2σ(Rx¹)∘h′. Gates q and r are those, i, f, g, o the LSTM's, which see
    /// x¹ and h¹, and x is x̂ = Wx, which is all that sees the layer's input. The paper has x in place of x̂; so tokens that are
    /// one-hot are embedded in as many numbers as the layer has units, and an input may have any size.
    ///
    /// U's matrices are Q, R, those of i, f, g, o for x¹, and those for h¹.
    public static let mogrifier = RecurrentCell(
        "mogrifier", title: "Mogrifier LSTM", gates: ["q", "r", "i", "f", "g", "o", "x"], seeingInput: 6..<7,
        carriesMemory: true, mixesHidden: true,
        halfSteps: [
            HalfStep(
                "mogrifier_input", of: .hidden(gates: 0..<1), forward: cpu_mogrifier_input_forward,
                backward: cpu_mogrifier_input_backward),
            HalfStep(
                "mogrifier_state", of: .intermediates(1, gates: 1..<2), forward: cpu_mogrifier_state_forward,
                backward: cpu_mogrifier_state_backward),
            HalfStep(
                "mogrifier_lstm", of: .intermediates(2, gates: 2..<6), forward: cpu_mogrifier_lstm_forward,
                backward: cpu_mogrifier_lstm_backward),
        ],
        openGates: [3])
}
