import CPUKernels

extension RecurrentCell {
    /// The minimal gated recurrent unit (Feng et al. 2024, "Were RNNs All We Needed?"). Gates z, n, which see the input
    /// alone, so that no state is multiplied: z = σ(W_z x), n = W_n x, h = (1−z)∘h′ + z∘n. (The paper calls n h̃.)
    public static let minGRU = RecurrentCell(
        "mingru", title: "minGRU", gates: ["z", "n"], mixesHidden: true,
        halfSteps: [
            HalfStep("mingru", of: nil, forward: cpu_mingru_forward, backward: cpu_mingru_backward)
        ])
}
