// A gated recurrent unit in char-rnn's form: what follows the two products of a step. A row of gates is r, z, n, H of
// each; intermediate is r·h′, which the second product multiplies.

// r, z = σ(…); intermediate = r·h′
static inline void gru_reset_forward(FORWARD_OPERANDS) {
    int left = H - j;
    gates += j;
    input_bias += j;
    product += j;
    recurrent_bias += j;

    vector r = sigmoid(gate_argument(gates, input_bias, product, recurrent_bias, left));
    vector z = sigmoid(gate_argument(gates + H, input_bias + H, product + H, recurrent_bias + H, left));

    vector_store(r, gates, left);
    vector_store(z, gates + H, left);
    vector_store(r * vector_load(hidden_before + j, left), intermediate + j, left);
}

// n = tanh(…); h = z·n + (1 − z)·h′
static inline void gru_output_forward(FORWARD_OPERANDS) {
    int left = H - j, last = 2 * H + j;

    vector z = vector_load(gates + H + j, left);
    vector n = hyperbolic_tangent(
        gate_argument(gates + last, input_bias + last, product + j, recurrent_bias + last, left));
    vector h = z * n + (1.0f - z) * vector_load(hidden_before + j, left);

    vector_store(n, gates + last, left);
    vector_store(h, hidden + j, left);
}

// Leaves z and n as the gradients of their arguments, r as it is.
static inline void gru_output_backward(BACKWARD_OPERANDS) {
    int left = H - j;
    gates += j;

    vector z = vector_load(gates + H, left), n = vector_load(gates + 2 * H, left);

    vector dh = vector_load(dhidden + j, left);
    if (!is_last) {
        dh += vector_load(later + j, left);
        vector_store(dh, dhidden + j, left);
    }

    // h = z·n + (1 − z)·h′
    vector dz = dh * (n - vector_load(hidden_before + j, left));

    vector_store(dz * z * (1.0f - z), gates + H, left);
    vector_store(dh * z * (1.0f - n * n), gates + 2 * H, left);
    if (!is_first) vector_store(vector_load(dhidden_before + j, left) + dh * (1.0f - z), dhidden_before + j, left);
}

// Leaves r as the gradient of its argument. dintermediate is the gradient of n's argument times Uₙᵀ.
static inline void gru_reset_backward(BACKWARD_OPERANDS) {
    int left = H - j;

    // intermediate = r·h′
    vector r = vector_load(gates + j, left), dr = vector_load(dintermediate + j, left);

    vector_store(dr * vector_load(hidden_before + j, left) * r * (1.0f - r), gates + j, left);
    if (!is_first) vector_store(vector_load(dhidden_before + j, left) + dr * r, dhidden_before + j, left);
}
