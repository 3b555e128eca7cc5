// One time step of a long short-term memory layer, forward and backward, all but the products.
//
// gates     B × 4H   i, f, g, o side by side: Wx, then activations, then gradients of the arguments
// before    B × H    c′, the cell state before the step
// memory    B × H    c, the cell state after it
// hidden    B × H    h, the output
// carry     B × H    dc·f, the gradient of the cell state that goes to the step before
//
// One work-item for each vector of units (first index) and stream (second).

// i, f, o = σ(…); g = tanh(…); c = f·c′ + i·g; h = o·tanh(c)
// recurrent B × 4H   Uh′
kernel void lstm_forward(
    int B, int H, global float *gates, int gates_at, global const float *input_bias, int input_bias_at,
    global const float *recurrent, int recurrent_at, global const float *recurrent_bias, int recurrent_bias_at,
    global const float *before, int before_at, global float *memory, int memory_at, global float *hidden,
    int hidden_at) {
    int b = get_global_id(1), j = get_global_id(0) * WIDTH, left = H - j;
    if (b >= B || j >= H) return;
    gates += gates_at + b * 4 * H + j;
    input_bias += input_bias_at + j;
    recurrent += recurrent_at + b * 4 * H + j;
    recurrent_bias += recurrent_bias_at + j;
    int unit = b * H + j;

    vector i = sigmoid(gate_argument(gates, input_bias, recurrent, recurrent_bias, left));
    vector f = sigmoid(gate_argument(gates + H, input_bias + H, recurrent + H, recurrent_bias + H, left));
    vector g = hyperbolic_tangent(
        gate_argument(gates + 2 * H, input_bias + 2 * H, recurrent + 2 * H, recurrent_bias + 2 * H, left));
    vector o = sigmoid(
        gate_argument(gates + 3 * H, input_bias + 3 * H, recurrent + 3 * H, recurrent_bias + 3 * H, left));
    vector c = f * vector_load(before + before_at + unit, left) + i * g;

    vector_store(i, gates, left);
    vector_store(f, gates + H, left);
    vector_store(g, gates + 2 * H, left);
    vector_store(o, gates + 3 * H, left);
    vector_store(c, memory + memory_at + unit, left);
    vector_store(o * hyperbolic_tangent(c), hidden + hidden_at + unit, left);
}

// dhidden   B × H    the gradient of h: that which comes from above, then complete
// later     B × H    what the step after it adds to that: its gates' gradients · Uᵀ
// is_last            whether there is no later step, and so neither `later` nor a carry
kernel void lstm_backward(
    int B, int H, int is_last, global float *gates, int gates_at, global const float *before, int before_at,
    global const float *memory, int memory_at, global float *dhidden, int dhidden_at, global const float *later,
    int later_at, global float *carry, int carry_at) {
    int b = get_global_id(1), j = get_global_id(0) * WIDTH, left = H - j;
    if (b >= B || j >= H) return;
    gates += gates_at + b * 4 * H + j;
    int unit = b * H + j;
    dhidden += dhidden_at + unit;
    carry += carry_at + unit;

    vector i = vector_load(gates, left), f = vector_load(gates + H, left);
    vector g = vector_load(gates + 2 * H, left), o = vector_load(gates + 3 * H, left);

    vector dh = vector_load(dhidden, left);
    if (!is_last) {
        dh += vector_load(later + later_at + unit, left);
        vector_store(dh, dhidden, left);
    }

    // h = o·tanh(c)
    vector tc = hyperbolic_tangent(vector_load(memory + memory_at + unit, left));
    vector dc = dh * o * (1.0f - tc * tc);
    if (!is_last) dc += vector_load(carry, left);

    // c = f·c′ + i·g; σ′ = σ(1 − σ), tanh′ = 1 − tanh²
    vector_store(dc * g * i * (1.0f - i), gates, left);
    vector_store(dc * vector_load(before + before_at + unit, left) * f * (1.0f - f), gates + H, left);
    vector_store(dc * i * (1.0f - g * g), gates + 2 * H, left);
    vector_store(dh * tc * o * (1.0f - o), gates + 3 * H, left);
    vector_store(dc * f, carry, left);
}
