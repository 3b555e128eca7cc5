// The plain recurrent layer: what follows the product of a step.

// h = tanh(…)
static inline void rnn_forward(FORWARD_OPERANDS) {
    int left = H - j;
    vector h = hyperbolic_tangent(
        gate_argument(gates + j, input_bias + j, product + j, recurrent_bias + j, left));
    vector_store(h, gates + j, left);
    vector_store(h, hidden + j, left);
}

static inline void rnn_backward(BACKWARD_OPERANDS) {
    int left = H - j;
    vector dh = vector_load(dhidden + j, left);
    if (!is_last) {
        dh += vector_load(later + j, left);
        vector_store(dh, dhidden + j, left);
    }
    vector h = vector_load(gates + j, left);
    vector_store(dh * (1.0f - h * h), gates + j, left);
}
