// A Mogrifier LSTM, behind lstm.cl: input and state gate one another, then what they have become enters an LSTM. A row of
// gates is q, r, i, f, g, o, x, H of each; a row of the intermediate is x¹, h¹. Only x sees the layer's input.

// q = σ(…); x as it is; x¹ = 2q·x
static inline void mogrifier_input_forward(FORWARD_OPERANDS) {
    int left = H - j, last = 6 * H;
    gates += j;
    input_bias += j;
    recurrent_bias += j;

    vector q = sigmoid(
        vector_load(input_bias, left) + vector_load(product + j, left) + vector_load(recurrent_bias, left));
    vector x = vector_load(gates + last, left) + vector_load(input_bias + last, left)
        + vector_load(recurrent_bias + last, left);

    vector_store(q, gates, left);
    vector_store(x, gates + last, left);
    vector_store(2.0f * q * x, intermediate + j, left);
}

// r = σ(…); h¹ = 2r·h′
static inline void mogrifier_state_forward(FORWARD_OPERANDS) {
    int left = H - j;

    vector r = sigmoid(
        vector_load(input_bias + H + j, left) + vector_load(product + j, left)
        + vector_load(recurrent_bias + H + j, left));

    vector_store(r, gates + H + j, left);
    vector_store(2.0f * r * vector_load(hidden_before + j, left), intermediate + H + j, left);
}

// i, f, g, o and h
static inline void mogrifier_lstm_forward(FORWARD_OPERANDS) {
    gates += 2 * H;
    for (int gate = 0; gate < 4; gate++) vector_store(0.0f, gates + gate * H + j, H - j);
    lstm_forward(
        H, j, gates, input_bias + 2 * H, product, recurrent_bias + 2 * H, hidden_before, memory_before, intermediate,
        hidden, memory);
}

static inline void mogrifier_lstm_backward(BACKWARD_OPERANDS) {
    lstm_backward(
        H, j, is_first, is_last, gates + 2 * H, hidden_before, memory_before, memory, dhidden, later, dhidden_before,
        dmemory, dintermediate);
}

// Leaves r as the gradient of its argument.
static inline void mogrifier_state_backward(BACKWARD_OPERANDS) {
    int left = H - j;

    // h¹ = 2r·h′
    vector r = vector_load(gates + H + j, left), dh = 2.0f * vector_load(dintermediate + H + j, left);

    vector_store(dh * vector_load(hidden_before + j, left) * r * (1.0f - r), gates + H + j, left);
    if (!is_first) vector_store(vector_load(dhidden_before + j, left) + dh * r, dhidden_before + j, left);
}

// Leaves q and x as the gradients of their arguments.
static inline void mogrifier_input_backward(BACKWARD_OPERANDS) {
    int left = H - j, last = 6 * H;
    gates += j;

    // x¹ = 2q·x
    vector q = vector_load(gates, left), x = vector_load(gates + last, left);
    vector dx = 2.0f * vector_load(dintermediate + j, left);

    vector_store(dx * x * q * (1.0f - q), gates, left);
    vector_store(dx * q, gates + last, left);
}
