// One time step of a gated recurrent unit in char-rnn's form, forward and backward, all but the products. Either way
// the step is cut in two by a product with Uₙ, whose other factor or whose result is r·h′.
//
// gates     B × 3H   r, z, n side by side: Wx, then activations, then gradients of the arguments
// before    B × H    h′, the output of the step before
// memory    B × H    r·h′
// hidden    B × H    h, the output
//
// One work-item for each vector of units (first index) and stream (second).

// r, z = σ(…); memory = r·h′
// recurrent B × 2H   Uh′ for r and z
kernel void gru_reset_forward(
    int B, int H, global float *gates, int gates_at, global const float *input_bias, int input_bias_at,
    global const float *recurrent, int recurrent_at, global const float *recurrent_bias, int recurrent_bias_at,
    global const float *before, int before_at, global float *memory, int memory_at) {
    int b = get_global_id(1), j = get_global_id(0) * WIDTH, left = H - j;
    if (b >= B || j >= H) return;
    gates += gates_at + b * 3 * H + j;
    input_bias += input_bias_at + j;
    recurrent += recurrent_at + b * 2 * H + j;
    recurrent_bias += recurrent_bias_at + j;
    int unit = b * H + j;

    vector r = sigmoid(gate_argument(gates, input_bias, recurrent, recurrent_bias, left));
    vector z = sigmoid(gate_argument(gates + H, input_bias + H, recurrent + H, recurrent_bias + H, left));

    vector_store(r, gates, left);
    vector_store(z, gates + H, left);
    vector_store(r * vector_load(before + before_at + unit, left), memory + memory_at + unit, left);
}

// n = tanh(…); h = z·n + (1 − z)·h′
// recurrent B × H    Uₙ(r·h′)
kernel void gru_output_forward(
    int B, int H, global float *gates, int gates_at, global const float *input_bias, int input_bias_at,
    global const float *recurrent, int recurrent_at, global const float *recurrent_bias, int recurrent_bias_at,
    global const float *before, int before_at, global float *hidden, int hidden_at) {
    int b = get_global_id(1), j = get_global_id(0) * WIDTH, left = H - j;
    if (b >= B || j >= H) return;
    gates += gates_at + b * 3 * H + j;
    int unit = b * H + j, last = 2 * H + j;

    vector z = vector_load(gates + H, left);
    vector n = hyperbolic_tangent(gate_argument(
        gates + 2 * H, input_bias + input_bias_at + last, recurrent + recurrent_at + unit,
        recurrent_bias + recurrent_bias_at + last, left));
    vector h = z * n + (1.0f - z) * vector_load(before + before_at + unit, left);

    vector_store(n, gates + 2 * H, left);
    vector_store(h, hidden + hidden_at + unit, left);
}

// dhidden   B × H    the gradient of h: that which comes from above and past this step, then complete
// later     B × H    what the step after it adds to that: the gradients of its r and z · Uᵀ
// is_last            whether there is no later step
// dbefore   B × H    that of h′, to which is added; not touched in the first step, whose h′ is no output
// Leaves z and n as the gradients of their arguments, r as it is.
kernel void gru_output_backward(
    int B, int H, int is_first, int is_last, global float *gates, int gates_at, global const float *before,
    int before_at, global float *dhidden, int dhidden_at, global const float *later, int later_at,
    global float *dbefore, int dbefore_at) {
    int b = get_global_id(1), j = get_global_id(0) * WIDTH, left = H - j;
    if (b >= B || j >= H) return;
    gates += gates_at + b * 3 * H + j;
    int unit = b * H + j;
    dhidden += dhidden_at + unit;
    dbefore += dbefore_at + unit;

    vector z = vector_load(gates + H, left), n = vector_load(gates + 2 * H, left);

    vector dh = vector_load(dhidden, left);
    if (!is_last) {
        dh += vector_load(later + later_at + unit, left);
        vector_store(dh, dhidden, left);
    }

    // h = z·n + (1 − z)·h′
    vector dz = dh * (n - vector_load(before + before_at + unit, left));

    vector_store(dz * z * (1.0f - z), gates + H, left);
    vector_store(dh * z * (1.0f - n * n), gates + 2 * H, left);
    if (!is_first) vector_store(vector_load(dbefore, left) + dh * (1.0f - z), dbefore, left);
}

// carry     B × H    the gradient of r·h′: that of n's argument, times Uₙᵀ
// Leaves r as the gradient of its argument.
kernel void gru_reset_backward(
    int B, int H, int is_first, global float *gates, int gates_at, global const float *before, int before_at,
    global const float *carry, int carry_at, global float *dbefore, int dbefore_at) {
    int b = get_global_id(1), j = get_global_id(0) * WIDTH, left = H - j;
    if (b >= B || j >= H) return;
    gates += gates_at + b * 3 * H + j;
    int unit = b * H + j;
    dbefore += dbefore_at + unit;

    // memory = r·h′
    vector r = vector_load(gates, left), dmemory = vector_load(carry + carry_at + unit, left);

    vector_store(dmemory * vector_load(before + before_at + unit, left) * r * (1.0f - r), gates, left);
    if (!is_first) vector_store(vector_load(dbefore, left) + dmemory * r, dbefore, left);
}
