// A long short-term memory layer: what follows the product of a step. A row of gates is i, f, g, o, H of each.

// i, f, o = σ(…); g = tanh(…); c = f·c′ + i·g; h = o·tanh(c)
static inline void lstm_forward(FORWARD_OPERANDS) {
    int left = H - j;
    gates += j;
    input_bias += j;
    product += j;
    recurrent_bias += j;

    vector i = sigmoid(gate_argument(gates, input_bias, product, recurrent_bias, left));
    vector f = sigmoid(gate_argument(gates + H, input_bias + H, product + H, recurrent_bias + H, left));
    vector g = hyperbolic_tangent(
        gate_argument(gates + 2 * H, input_bias + 2 * H, product + 2 * H, recurrent_bias + 2 * H, left));
    vector o = sigmoid(
        gate_argument(gates + 3 * H, input_bias + 3 * H, product + 3 * H, recurrent_bias + 3 * H, left));
    vector c = f * vector_load(memory_before + j, left) + i * g;

    vector_store(i, gates, left);
    vector_store(f, gates + H, left);
    vector_store(g, gates + 2 * H, left);
    vector_store(o, gates + 3 * H, left);
    vector_store(c, memory + j, left);
    vector_store(o * hyperbolic_tangent(c), hidden + j, left);
}

static inline void lstm_backward(BACKWARD_OPERANDS) {
    int left = H - j;
    gates += j;
    dhidden += j;
    dmemory += j;

    vector i = vector_load(gates, left), f = vector_load(gates + H, left);
    vector g = vector_load(gates + 2 * H, left), o = vector_load(gates + 3 * H, left);

    vector dh = vector_load(dhidden, left);
    if (!is_last) {
        dh += vector_load(later + j, left);
        vector_store(dh, dhidden, left);
    }

    // h = o·tanh(c)
    vector tc = hyperbolic_tangent(vector_load(memory + j, left));
    vector dc = dh * o * (1.0f - tc * tc);
    if (!is_last) dc += vector_load(dmemory, left);

    // c = f·c′ + i·g; σ′ = σ(1 − σ), tanh′ = 1 − tanh²
    vector_store(dc * g * i * (1.0f - i), gates, left);
    vector_store(dc * vector_load(memory_before + j, left) * f * (1.0f - f), gates + H, left);
    vector_store(dc * i * (1.0f - g * g), gates + 2 * H, left);
    vector_store(dh * tc * o * (1.0f - o), gates + 3 * H, left);
    vector_store(dc * f, dmemory, left);
}
