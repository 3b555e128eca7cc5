// The minimal gated recurrent unit: a step, in which no state is multiplied. A row of gates is z, n, H of each.

// z = σ(…); n as it is; h = z·n + (1 − z)·h′
static inline void mingru_forward(FORWARD_OPERANDS) {
    int left = H - j;
    gates += j;
    input_bias += j;

    vector z = sigmoid(vector_load(gates, left) + vector_load(input_bias, left));
    vector n = vector_load(gates + H, left) + vector_load(input_bias + H, left);

    vector_store(z, gates, left);
    vector_store(n, gates + H, left);
    vector_store(z * n + (1.0f - z) * vector_load(hidden_before + j, left), hidden + j, left);
}

static inline void mingru_backward(BACKWARD_OPERANDS) {
    int left = H - j;
    gates += j;

    vector z = vector_load(gates, left), n = vector_load(gates + H, left);
    vector dh = vector_load(dhidden + j, left);
    vector dz = dh * (n - vector_load(hidden_before + j, left));

    vector_store(dz * z * (1.0f - z), gates, left);
    vector_store(dh * z, gates + H, left);
    if (!is_first) vector_store(vector_load(dhidden_before + j, left) + dh * (1.0f - z), dhidden_before + j, left);
}
