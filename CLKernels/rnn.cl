// The plain recurrent layer, forward and backward: one time step, all but the products; and a slice of the streams
// through all time steps, with the products.
//
// gates     B × H    Wx, then the activation, then the gradient of the argument
// hidden    B × H    h, the output

// h = tanh(…)
// For the units from j on of one stream, whose rows the pointers are; recurrent is its row of Uh′, B × H.
static inline void rnn_unit_forward(
    int H, int j, global float *gates, global const float *input_bias, global const float *recurrent,
    global const float *recurrent_bias, global float *hidden) {
    int left = H - j;
    vector h = hyperbolic_tangent(
        gate_argument(gates + j, input_bias + j, recurrent + j, recurrent_bias + j, left));
    vector_store(h, gates + j, left);
    vector_store(h, hidden + j, left);
}

// dhidden   B × H    the gradient of h: that which comes from above, then complete
// later     B × H    what the step after it adds to that: its gates' gradients · Uᵀ
// is_last            whether there is no later step
static inline void rnn_unit_backward(
    int H, int j, int is_last, global float *gates, global float *dhidden, global const float *later) {
    int left = H - j;
    vector dh = vector_load(dhidden + j, left);
    if (!is_last) {
        dh += vector_load(later + j, left);
        vector_store(dh, dhidden + j, left);
    }
    vector h = vector_load(gates + j, left);
    vector_store(dh * (1.0f - h * h), gates + j, left);
}

// A step: one work-item for each vector of units (first index) and stream (second).

KERNEL void rnn_forward(
    int B, int H, global float *gates, int gates_at, global const float *input_bias, int input_bias_at,
    global const float *recurrent, int recurrent_at, global const float *recurrent_bias, int recurrent_bias_at,
    global float *hidden, int hidden_at) {
    int b = get_global_id(1), j = get_global_id(0) * WIDTH;
    if (b >= B || j >= H) return;
    rnn_unit_forward(
        H, j, gates + gates_at + b * H, input_bias + input_bias_at, recurrent + recurrent_at + b * H,
        recurrent_bias + recurrent_bias_at, hidden + hidden_at + b * H);
}

KERNEL void rnn_backward(
    int B, int H, int is_last, global float *gates, int gates_at, global float *dhidden, int dhidden_at,
    global const float *later, int later_at) {
    int b = get_global_id(1), j = get_global_id(0) * WIDTH;
    if (b >= B || j >= H) return;
    rnn_unit_backward(
        H, j, is_last, gates + gates_at + b * H, dhidden + dhidden_at + b * H, later + later_at + b * H);
}

// All steps: cpu.cl, or gpu.cl, has how a slice of `rows` streams is shared among work-items. gates and dhidden are
// those of T steps; hidden has the state before the first in front of it. The product's memory and `later` serve one step
// after the other.

// weights: U, H × H
KERNEL void rnn_sequence_forward(
    int T, int B, int H, int rows, global float *gates, int gates_at, global const float *input_bias,
    int input_bias_at, global const float *weights, int weights_at, global const float *recurrent_bias,
    int recurrent_bias_at, global float *hidden, int hidden_at, global float *product, int product_at,
    local float4 *room) {
    int first = SLICE_INDEX * rows, streams = min(rows, B - first), width = VECTORS(H);
    gates += gates_at;
    hidden += hidden_at;
    product += product_at + first * H;
    for (int t = 0; t < T; t++) {
        int start = t * B + first;
        slice_multiply(streams, H, H, hidden + start * H, H, weights + weights_at, H, product, room);
        for (int i = SLICE_ITEM; i < streams * width; i += SLICE_ITEMS) {
            int b = i / width, j = i % width * WIDTH, now = start + b;
            rnn_unit_forward(
                H, j, gates + now * H, input_bias + input_bias_at, product + b * H,
                recurrent_bias + recurrent_bias_at, hidden + (now + B) * H);
        }
        slice_wait();
    }
}

// weights: Uᵀ, H × H
KERNEL void rnn_sequence_backward(
    int T, int B, int H, int rows, global float *gates, int gates_at, global const float *weights, int weights_at,
    global float *dhidden, int dhidden_at, global float *later, int later_at, local float4 *room) {
    int first = SLICE_INDEX * rows, streams = min(rows, B - first), width = VECTORS(H);
    gates += gates_at;
    dhidden += dhidden_at;
    later += later_at + first * H;
    for (int t = T - 1; t >= 0; t--) {
        int start = t * B + first;
        for (int i = SLICE_ITEM; i < streams * width; i += SLICE_ITEMS) {
            int b = i / width, j = i % width * WIDTH, now = start + b;
            rnn_unit_backward(H, j, t == T - 1, gates + now * H, dhidden + now * H, later + b * H);
        }
        slice_wait();
        if (t > 0) {
            slice_multiply(streams, H, H, gates + start * H, H, weights + weights_at, H, later, room);
        }
    }
}
