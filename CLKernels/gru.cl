// A gated recurrent unit in char-rnn's form, forward and backward: one time step, all but the products; and a slice of
// the streams through all time steps, with the products. Either way the step is cut in two by a product with Uₙ, whose
// other factor or whose result is r·h′.
//
// gates     B × 3H   r, z, n side by side: Wx, then activations, then gradients of the arguments
// before    B × H    h′, the output of the step before
// memory    B × H    r·h′
// hidden    B × H    h, the output
//
// The functions are for the units from j on of one stream, whose rows the pointers are.

// r, z = σ(…); memory = r·h′
// recurrent B × 2H   Uh′ for r and z
static inline void gru_unit_reset_forward(
    int H, int j, global float *gates, global const float *input_bias, global const float *recurrent,
    global const float *recurrent_bias, global const float *before, global float *memory) {
    int left = H - j;
    gates += j;
    input_bias += j;
    recurrent += j;
    recurrent_bias += j;

    vector r = sigmoid(gate_argument(gates, input_bias, recurrent, recurrent_bias, left));
    vector z = sigmoid(gate_argument(gates + H, input_bias + H, recurrent + H, recurrent_bias + H, left));

    vector_store(r, gates, left);
    vector_store(z, gates + H, left);
    vector_store(r * vector_load(before + j, left), memory + j, left);
}

// n = tanh(…); h = z·n + (1 − z)·h′
// recurrent B × H    Uₙ(r·h′)
static inline void gru_unit_output_forward(
    int H, int j, global float *gates, global const float *input_bias, global const float *recurrent,
    global const float *recurrent_bias, global const float *before, global float *hidden) {
    int left = H - j, last = 2 * H + j;

    vector z = vector_load(gates + H + j, left);
    vector n = hyperbolic_tangent(
        gate_argument(gates + last, input_bias + last, recurrent + j, recurrent_bias + last, left));
    vector h = z * n + (1.0f - z) * vector_load(before + j, left);

    vector_store(n, gates + last, left);
    vector_store(h, hidden + j, left);
}

// dhidden   B × H    the gradient of h: that which comes from above and past this step, then complete
// later     B × H    what the step after it adds to that: the gradients of its r and z · Uᵀ
// is_last            whether there is no later step
// dbefore   B × H    that of h′, to which is added; not touched in the first step, whose h′ is no output
// Leaves z and n as the gradients of their arguments, r as it is.
static inline void gru_unit_output_backward(
    int H, int j, int is_first, int is_last, global float *gates, global const float *before, global float *dhidden,
    global const float *later, global float *dbefore) {
    int left = H - j;
    gates += j;

    vector z = vector_load(gates + H, left), n = vector_load(gates + 2 * H, left);

    vector dh = vector_load(dhidden + j, left);
    if (!is_last) {
        dh += vector_load(later + j, left);
        vector_store(dh, dhidden + j, left);
    }

    // h = z·n + (1 − z)·h′
    vector dz = dh * (n - vector_load(before + j, left));

    vector_store(dz * z * (1.0f - z), gates + H, left);
    vector_store(dh * z * (1.0f - n * n), gates + 2 * H, left);
    if (!is_first) vector_store(vector_load(dbefore + j, left) + dh * (1.0f - z), dbefore + j, left);
}

// carry     B × H    the gradient of r·h′: that of n's argument, times Uₙᵀ
// Leaves r as the gradient of its argument.
static inline void gru_unit_reset_backward(
    int H, int j, int is_first, global float *gates, global const float *before, global const float *carry,
    global float *dbefore) {
    int left = H - j;

    // memory = r·h′
    vector r = vector_load(gates + j, left), dmemory = vector_load(carry + j, left);

    vector_store(dmemory * vector_load(before + j, left) * r * (1.0f - r), gates + j, left);
    if (!is_first) vector_store(vector_load(dbefore + j, left) + dmemory * r, dbefore + j, left);
}

// A step: one work-item for each vector of units (first index) and stream (second).

KERNEL void gru_reset_forward(
    int B, int H, global float *gates, int gates_at, global const float *input_bias, int input_bias_at,
    global const float *recurrent, int recurrent_at, global const float *recurrent_bias, int recurrent_bias_at,
    global const float *before, int before_at, global float *memory, int memory_at) {
    int b = get_global_id(1), j = get_global_id(0) * WIDTH;
    if (b >= B || j >= H) return;
    gru_unit_reset_forward(
        H, j, gates + gates_at + b * 3 * H, input_bias + input_bias_at, recurrent + recurrent_at + b * 2 * H,
        recurrent_bias + recurrent_bias_at, before + before_at + b * H, memory + memory_at + b * H);
}

KERNEL void gru_output_forward(
    int B, int H, global float *gates, int gates_at, global const float *input_bias, int input_bias_at,
    global const float *recurrent, int recurrent_at, global const float *recurrent_bias, int recurrent_bias_at,
    global const float *before, int before_at, global float *hidden, int hidden_at) {
    int b = get_global_id(1), j = get_global_id(0) * WIDTH;
    if (b >= B || j >= H) return;
    gru_unit_output_forward(
        H, j, gates + gates_at + b * 3 * H, input_bias + input_bias_at, recurrent + recurrent_at + b * H,
        recurrent_bias + recurrent_bias_at, before + before_at + b * H, hidden + hidden_at + b * H);
}

KERNEL void gru_output_backward(
    int B, int H, int is_first, int is_last, global float *gates, int gates_at, global const float *before,
    int before_at, global float *dhidden, int dhidden_at, global const float *later, int later_at,
    global float *dbefore, int dbefore_at) {
    int b = get_global_id(1), j = get_global_id(0) * WIDTH;
    if (b >= B || j >= H) return;
    gru_unit_output_backward(
        H, j, is_first, is_last, gates + gates_at + b * 3 * H, before + before_at + b * H,
        dhidden + dhidden_at + b * H, later + later_at + b * H, dbefore + dbefore_at + b * H);
}

KERNEL void gru_reset_backward(
    int B, int H, int is_first, global float *gates, int gates_at, global const float *before, int before_at,
    global const float *carry, int carry_at, global float *dbefore, int dbefore_at) {
    int b = get_global_id(1), j = get_global_id(0) * WIDTH;
    if (b >= B || j >= H) return;
    gru_unit_reset_backward(
        H, j, is_first, gates + gates_at + b * 3 * H, before + before_at + b * H, carry + carry_at + b * H,
        dbefore + dbefore_at + b * H);
}

// All steps: cpu.cl, or gpu.cl, has how a slice of `rows` streams is shared among work-items. gates, memory and
// dhidden are those of T steps; hidden has the state before the first in front of it. The memory of the products serves
// one step after the other.

// gate_weights: U for r and z, H × 2H; output_weights: Uₙ, H × H; product: B × 2H
KERNEL void gru_sequence_forward(
    int T, int B, int H, int rows, global float *gates, int gates_at, global const float *input_bias,
    int input_bias_at, global const float *gate_weights, int gate_weights_at, global const float *output_weights,
    int output_weights_at, global const float *recurrent_bias, int recurrent_bias_at, global float *memory,
    int memory_at, global float *hidden, int hidden_at, global float *product, int product_at, local float4 *room) {
    int first = SLICE_INDEX * rows, streams = min(rows, B - first), width = VECTORS(H);
    gates += gates_at;
    input_bias += input_bias_at;
    recurrent_bias += recurrent_bias_at;
    memory += memory_at;
    hidden += hidden_at;
    product += product_at + first * 2 * H;
    for (int t = 0; t < T; t++) {
        int start = t * B + first;
        slice_multiply(
            streams, 2 * H, H, hidden + start * H, H, gate_weights + gate_weights_at, 3 * H, product, room);
        for (int i = SLICE_ITEM; i < streams * width; i += SLICE_ITEMS) {
            int b = i / width, j = i % width * WIDTH, now = start + b;
            gru_unit_reset_forward(
                H, j, gates + now * 3 * H, input_bias, product + b * 2 * H, recurrent_bias, hidden + now * H,
                memory + now * H);
        }
        slice_wait();
        slice_multiply(
            streams, H, H, memory + start * H, H, output_weights + output_weights_at, 3 * H, product, room);
        for (int i = SLICE_ITEM; i < streams * width; i += SLICE_ITEMS) {
            int b = i / width, j = i % width * WIDTH, now = start + b;
            gru_unit_output_forward(
                H, j, gates + now * 3 * H, input_bias, product + b * H, recurrent_bias, hidden + now * H,
                hidden + (now + B) * H);
        }
        slice_wait();
    }
}

// gate_weights: Uᵀ for r and z, 2H × H; output_weights: Uₙᵀ, H × H
KERNEL void gru_sequence_backward(
    int T, int B, int H, int rows, global float *gates, int gates_at, global const float *gate_weights,
    int gate_weights_at, global const float *output_weights, int output_weights_at, global const float *hidden,
    int hidden_at, global float *dhidden, int dhidden_at, global float *later, int later_at, global float *carry,
    int carry_at, local float4 *room) {
    int first = SLICE_INDEX * rows, streams = min(rows, B - first), width = VECTORS(H);
    gates += gates_at;
    hidden += hidden_at;
    dhidden += dhidden_at;
    later += later_at + first * H;
    carry += carry_at + first * H;
    for (int t = T - 1; t >= 0; t--) {
        int start = t * B + first, is_first = t == 0;
        for (int i = SLICE_ITEM; i < streams * width; i += SLICE_ITEMS) {
            int b = i / width, j = i % width * WIDTH, now = start + b, past = is_first ? now : now - B;
            gru_unit_output_backward(
                H, j, is_first, t == T - 1, gates + now * 3 * H, hidden + now * H, dhidden + now * H, later + b * H,
                dhidden + past * H);
        }
        slice_wait();
        slice_multiply(
            streams, H, H, gates + start * 3 * H + 2 * H, 3 * H, output_weights + output_weights_at, H, carry, room);
        for (int i = SLICE_ITEM; i < streams * width; i += SLICE_ITEMS) {
            int b = i / width, j = i % width * WIDTH, now = start + b, past = is_first ? now : now - B;
            gru_unit_reset_backward(
                H, j, is_first, gates + now * 3 * H, hidden + now * H, carry + b * H, dhidden + past * H);
        }
        slice_wait();
        if (t > 0) {
            slice_multiply(
                streams, H, 2 * H, gates + start * 3 * H, 3 * H, gate_weights + gate_weights_at, H, later, room);
        }
    }
}
