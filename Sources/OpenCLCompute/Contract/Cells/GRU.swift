import CPUKernels

extension RecurrentCell {
    /// Gated recurrent unit (Cho et al. 2014, in char-rnn's form). Gates r, z, n; the reset gate acts before the
    /// product: n = tanh(Wₙx + Uₙ(r∘h′)), h = z∘n + (1−z)∘h′.
    ///
    /// It is not `torch.nn.GRU`, whose reset gate acts after the product and whose z is the share of the old state.
    public static let gru = RecurrentCell(
        "gru", title: "GRU", gates: ["r", "z", "n"], mixesHidden: true,
        halfSteps: [
            HalfStep(
                "gru_reset", of: .hidden(gates: 0..<2), forward: cpu_gru_reset_forward,
                backward: cpu_gru_reset_backward),
            HalfStep(
                "gru_output", of: .intermediates(1, gates: 2..<3), forward: cpu_gru_output_forward,
                backward: cpu_gru_output_backward),
        ],
        // z, z; then the candidate's input, r, r, and the candidate's recurrent matrix
        torchMatrices: [
            (false, [1]), (true, [1]), (false, [2]), (false, [0]), (true, [0]), (true, [2]),
        ])
}
