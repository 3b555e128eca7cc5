// A long short-term memory layer, forward and backward: one time step, all but the products; and a slice of the streams
// through all time steps, with the products.
//
// gates     B × 4H   i, f, g, o side by side: Wx, then activations, then gradients of the arguments
// before    B × H    c′, the cell state before the step
// memory    B × H    c, the cell state after it
// hidden    B × H    h, the output
// carry     B × H    dc·f, the gradient of the cell state that goes to the step before

// i, f, o = σ(…); g = tanh(…); c = f·c′ + i·g; h = o·tanh(c)
// For the units from j on of one stream, whose rows the pointers are; recurrent is its row of Uh′, B × 4H.
static inline void lstm_unit_forward(
    int H, int j, global float *gates, global const float *input_bias, global const float *recurrent,
    global const float *recurrent_bias, global const float *before, global float *memory, global float *hidden) {
    int left = H - j;
    gates += j;
    input_bias += j;
    recurrent += j;
    recurrent_bias += j;

    vector i = sigmoid(gate_argument(gates, input_bias, recurrent, recurrent_bias, left));
    vector f = sigmoid(gate_argument(gates + H, input_bias + H, recurrent + H, recurrent_bias + H, left));
    vector g = hyperbolic_tangent(
        gate_argument(gates + 2 * H, input_bias + 2 * H, recurrent + 2 * H, recurrent_bias + 2 * H, left));
    vector o = sigmoid(
        gate_argument(gates + 3 * H, input_bias + 3 * H, recurrent + 3 * H, recurrent_bias + 3 * H, left));
    vector c = f * vector_load(before + j, left) + i * g;

    vector_store(i, gates, left);
    vector_store(f, gates + H, left);
    vector_store(g, gates + 2 * H, left);
    vector_store(o, gates + 3 * H, left);
    vector_store(c, memory + j, left);
    vector_store(o * hyperbolic_tangent(c), hidden + j, left);
}

// dhidden   B × H    the gradient of h: that which comes from above, then complete
// later     B × H    what the step after it adds to that: its gates' gradients · Uᵀ
// is_last            whether there is no later step, and so neither `later` nor a carry
static inline void lstm_unit_backward(
    int H, int j, int is_last, global float *gates, global const float *before, global const float *memory,
    global float *dhidden, global const float *later, global float *carry) {
    int left = H - j;
    gates += j;
    dhidden += j;
    carry += j;

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
    if (!is_last) dc += vector_load(carry, left);

    // c = f·c′ + i·g; σ′ = σ(1 − σ), tanh′ = 1 − tanh²
    vector_store(dc * g * i * (1.0f - i), gates, left);
    vector_store(dc * vector_load(before + j, left) * f * (1.0f - f), gates + H, left);
    vector_store(dc * i * (1.0f - g * g), gates + 2 * H, left);
    vector_store(dh * tc * o * (1.0f - o), gates + 3 * H, left);
    vector_store(dc * f, carry, left);
}

// A step: one work-item for each vector of units (first index) and stream (second).

KERNEL void lstm_forward(
    int B, int H, global float *gates, int gates_at, global const float *input_bias, int input_bias_at,
    global const float *recurrent, int recurrent_at, global const float *recurrent_bias, int recurrent_bias_at,
    global const float *before, int before_at, global float *memory, int memory_at, global float *hidden,
    int hidden_at) {
    int b = get_global_id(1), j = get_global_id(0) * WIDTH;
    if (b >= B || j >= H) return;
    lstm_unit_forward(
        H, j, gates + gates_at + b * 4 * H, input_bias + input_bias_at, recurrent + recurrent_at + b * 4 * H,
        recurrent_bias + recurrent_bias_at, before + before_at + b * H, memory + memory_at + b * H,
        hidden + hidden_at + b * H);
}

KERNEL void lstm_backward(
    int B, int H, int is_last, global float *gates, int gates_at, global const float *before, int before_at,
    global const float *memory, int memory_at, global float *dhidden, int dhidden_at, global const float *later,
    int later_at, global float *carry, int carry_at) {
    int b = get_global_id(1), j = get_global_id(0) * WIDTH;
    if (b >= B || j >= H) return;
    lstm_unit_backward(
        H, j, is_last, gates + gates_at + b * 4 * H, before + before_at + b * H, memory + memory_at + b * H,
        dhidden + dhidden_at + b * H, later + later_at + b * H, carry + carry_at + b * H);
}

// All steps: cpu.cl, or gpu.cl, has how a slice of `rows` streams is shared among work-items. gates and dhidden are
// those of T steps; hidden and memory have the state before the first in front of them. The product's memory and `later`
// serve one step after the other.

// weights: U, H × 4H
KERNEL void lstm_sequence_forward(
    int T, int B, int H, int rows, global float *gates, int gates_at, global const float *input_bias,
    int input_bias_at, global const float *weights, int weights_at, global const float *recurrent_bias,
    int recurrent_bias_at, global float *memory, int memory_at, global float *hidden, int hidden_at,
    global float *product, int product_at, local float4 *room) {
    int first = SLICE_INDEX * rows, streams = min(rows, B - first), width = VECTORS(H);
    gates += gates_at;
    memory += memory_at;
    hidden += hidden_at;
    product += product_at + first * 4 * H;
    for (int t = 0; t < T; t++) {
        int start = t * B + first;
        slice_multiply(streams, 4 * H, H, hidden + start * H, H, weights + weights_at, 4 * H, product, room);
        for (int i = SLICE_ITEM; i < streams * width; i += SLICE_ITEMS) {
            int b = i / width, j = i % width * WIDTH, now = start + b, next = now + B;
            lstm_unit_forward(
                H, j, gates + now * 4 * H, input_bias + input_bias_at, product + b * 4 * H,
                recurrent_bias + recurrent_bias_at, memory + now * H, memory + next * H, hidden + next * H);
        }
        slice_wait();
    }
}

// weights: Uᵀ, 4H × H
KERNEL void lstm_sequence_backward(
    int T, int B, int H, int rows, global float *gates, int gates_at, global const float *weights, int weights_at,
    global const float *memory, int memory_at, global float *dhidden, int dhidden_at, global float *later,
    int later_at, global float *carry, int carry_at, local float4 *room) {
    int first = SLICE_INDEX * rows, streams = min(rows, B - first), width = VECTORS(H);
    gates += gates_at;
    memory += memory_at;
    dhidden += dhidden_at;
    later += later_at + first * H;
    carry += carry_at + first * H;
    for (int t = T - 1; t >= 0; t--) {
        int start = t * B + first;
        for (int i = SLICE_ITEM; i < streams * width; i += SLICE_ITEMS) {
            int b = i / width, j = i % width * WIDTH, now = start + b;
            lstm_unit_backward(
                H, j, t == T - 1, gates + now * 4 * H, memory + now * H, memory + (now + B) * H, dhidden + now * H,
                later + b * H, carry + b * H);
        }
        slice_wait();
        if (t > 0) {
            slice_multiply(
                streams, H, 4 * H, gates + start * 4 * H, 4 * H, weights + weights_at, H, later, room);
        }
    }
}
