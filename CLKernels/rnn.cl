// One time step of the plain recurrent layer, forward and backward, all but the products.
//
// gates     B × H    Wx, then the activation, then the gradient of the argument
// hidden    B × H    h, the output
//
// One work-item for each vector of units (first index) and stream (second).

// h = tanh(…)
// recurrent B × H    Uh′
kernel void rnn_forward(
    int B, int H, global float *gates, int gates_at, global const float *input_bias, int input_bias_at,
    global const float *recurrent, int recurrent_at, global const float *recurrent_bias, int recurrent_bias_at,
    global float *hidden, int hidden_at) {
    int b = get_global_id(1), j = get_global_id(0) * WIDTH, left = H - j;
    if (b >= B || j >= H) return;
    int unit = b * H + j;
    gates += gates_at + unit;

    vector h = hyperbolic_tangent(gate_argument(
        gates, input_bias + input_bias_at + j, recurrent + recurrent_at + unit,
        recurrent_bias + recurrent_bias_at + j, left));

    vector_store(h, gates, left);
    vector_store(h, hidden + hidden_at + unit, left);
}

// dhidden   B × H    the gradient of h: that which comes from above, then complete
// later     B × H    what the step after it adds to that: its gates' gradients · Uᵀ
// is_last            whether there is no later step
kernel void rnn_backward(
    int B, int H, int is_last, global float *gates, int gates_at, global float *dhidden, int dhidden_at,
    global const float *later, int later_at) {
    int b = get_global_id(1), j = get_global_id(0) * WIDTH, left = H - j;
    if (b >= B || j >= H) return;
    int unit = b * H + j;
    gates += gates_at + unit;

    dhidden += dhidden_at + unit;

    vector dh = vector_load(dhidden, left);
    if (!is_last) {
        dh += vector_load(later + later_at + unit, left);
        vector_store(dh, dhidden, left);
    }

    vector h = vector_load(gates, left);
    vector_store(dh * (1.0f - h * h), gates, left);
}
