// The loops of every recurrent layer, behind the file of a cell: one half-step of one time step, for GPUs, with the
// products elsewhere; and a share of the streams through all time steps, with the products.
//
// The host defines what it knows of the cell: CELL, its name; GATES; whether there is a MEMORY c, an INTERMEDIATE, and
// whether the half-steps take h′ themselves, MIXES_HIDDEN (each 0 or 1); HALF_STEPS, 1 or 2; for the FIRST and the SECOND
// the name of its functions, and the number of gates that its product gives, FIRST_GATES and SECOND_GATES.
//
// What a cell has not is one element, of which no row is far.

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)

// A half-step for the units of stream b from j on; the other operands are those of cell.cl, of all B streams.

static inline void half_step_forward(int half_step, int b, FORWARD_OPERANDS) {
    gates += b * GATES * H;
    product += b * (half_step == 0 ? FIRST_GATES : SECOND_GATES) * H;
    hidden_before += b * H * MIXES_HIDDEN;
    memory_before += b * H * MEMORY;
    intermediate += b * H * INTERMEDIATE;
    hidden += b * H;
    memory += b * H * MEMORY;
    if (half_step == 0) {
        JOIN(FIRST, _forward)(
            H, j, gates, input_bias, product, recurrent_bias, hidden_before, memory_before, intermediate, hidden, memory);
    } else {
        JOIN(SECOND, _forward)(
            H, j, gates, input_bias, product, recurrent_bias, hidden_before, memory_before, intermediate, hidden, memory);
    }
}

static inline void half_step_backward(int half_step, int b, BACKWARD_OPERANDS) {
    gates += b * GATES * H;
    hidden_before += b * H * MIXES_HIDDEN;
    memory_before += b * H * MEMORY;
    memory += b * H * MEMORY;
    dhidden += b * H;
    later += b * H;
    dhidden_before += b * H * MIXES_HIDDEN;
    dmemory += b * H * MEMORY;
    dintermediate += b * H * INTERMEDIATE;
    if (half_step == 0) {
        JOIN(FIRST, _backward)(
            H, j, is_first, is_last, gates, hidden_before, memory_before, memory, dhidden, later, dhidden_before, dmemory,
            dintermediate);
    } else {
        JOIN(SECOND, _backward)(
            H, j, is_first, is_last, gates, hidden_before, memory_before, memory, dhidden, later, dhidden_before, dmemory,
            dintermediate);
    }
}

// Alone: one work-item for each vector of units (first index) and stream (second).

KERNEL void JOIN(CELL, _step_forward)(
    int half_step, int B, int H, global float *gates, int gates_at, global const float *input_bias, int input_bias_at,
    global const float *product, int product_at, global const float *recurrent_bias, int recurrent_bias_at,
    global const float *hidden_before, int hidden_before_at, global const float *memory_before, int memory_before_at,
    global float *intermediate, int intermediate_at, global float *hidden, int hidden_at, global float *memory,
    int memory_at) {
    int b = get_global_id(1), j = get_global_id(0) * WIDTH;
    if (b >= B || j >= H) return;
    half_step_forward(
        half_step, b, H, j, gates + gates_at, input_bias + input_bias_at, product + product_at,
        recurrent_bias + recurrent_bias_at, hidden_before + hidden_before_at, memory_before + memory_before_at,
        intermediate + intermediate_at, hidden + hidden_at, memory + memory_at);
}

KERNEL void JOIN(CELL, _step_backward)(
    int half_step, int B, int H, int is_first, int is_last, global float *gates, int gates_at,
    global const float *hidden_before, int hidden_before_at, global const float *memory_before, int memory_before_at,
    global const float *memory, int memory_at, global float *dhidden, int dhidden_at, global const float *later,
    int later_at, global float *dhidden_before, int dhidden_before_at, global float *dmemory, int dmemory_at,
    global const float *dintermediate, int dintermediate_at) {
    int b = get_global_id(1), j = get_global_id(0) * WIDTH;
    if (b >= B || j >= H) return;
    half_step_backward(
        half_step, b, H, j, is_first, is_last, gates + gates_at, hidden_before + hidden_before_at,
        memory_before + memory_before_at, memory + memory_at, dhidden + dhidden_at, later + later_at,
        dhidden_before + dhidden_before_at, dmemory + dmemory_at, dintermediate + dintermediate_at);
}

// All steps: cpu.cl, or gpu.cl, has how a share of `rows` streams is divided among work-items. The operands are those of T
// steps; hidden and memory have the state before the first in front of them. product, later, dmemory and dintermediate
// serve one step after the other. The weights are the columns of U for each half-step, forward, and the rows of Uᵀ,
// backward; on processors in panels.

KERNEL void JOIN(CELL, _sequence_forward)(
    int T, int B, int H, int rows, global float *gates, int gates_at, global const float *input_bias,
    int input_bias_at, global const float *first_weights, int first_weights_at, global const float *second_weights,
    int second_weights_at, global const float *recurrent_bias, int recurrent_bias_at, global float *hidden,
    int hidden_at, global float *memory, int memory_at, global float *intermediate, int intermediate_at,
    global float *product, int product_at, local float4 *room) {
    int first = SHARE_INDEX * rows, streams = min(rows, B - first), width = VECTORS(H);
    gates += gates_at;
    input_bias += input_bias_at;
    recurrent_bias += recurrent_bias_at;
    hidden += hidden_at;
    memory += memory_at;
    intermediate += intermediate_at;
    product += product_at + first * FIRST_GATES * H;
    for (int t = 0; t < T; t++) {
        int start = t * B + first;
#if FIRST_GATES > 0
        share_multiply(
            streams, FIRST_GATES * H, H, hidden + start * H, H, first_weights + first_weights_at, GATES * H, product, room);
#endif
        for (int i = SHARE_ITEM; i < streams * width; i += SHARE_ITEMS) {
            int b = i / width, j = i % width * WIDTH, now = start + b, next = now + B;
            JOIN(FIRST, _forward)(
                H, j, gates + now * GATES * H, input_bias, product + b * FIRST_GATES * H, recurrent_bias, hidden + now * H,
                memory + now * H * MEMORY, intermediate + now * H * INTERMEDIATE, hidden + next * H,
                memory + next * H * MEMORY);
        }
        share_wait();
#if HALF_STEPS == 2
        share_multiply(
            streams, SECOND_GATES * H, H, intermediate + start * H, H, second_weights + second_weights_at, GATES * H,
            product, room);
        for (int i = SHARE_ITEM; i < streams * width; i += SHARE_ITEMS) {
            int b = i / width, j = i % width * WIDTH, now = start + b, next = now + B;
            JOIN(SECOND, _forward)(
                H, j, gates + now * GATES * H, input_bias, product + b * SECOND_GATES * H, recurrent_bias, hidden + now * H,
                memory + now * H * MEMORY, intermediate + now * H * INTERMEDIATE, hidden + next * H,
                memory + next * H * MEMORY);
        }
        share_wait();
#endif
    }
}

KERNEL void JOIN(CELL, _sequence_backward)(
    int T, int B, int H, int rows, global float *gates, int gates_at, global const float *first_weights,
    int first_weights_at, global const float *second_weights, int second_weights_at, global const float *hidden,
    int hidden_at, global const float *memory, int memory_at, global float *dhidden, int dhidden_at,
    global float *later, int later_at, global float *dmemory, int dmemory_at, global float *dintermediate,
    int dintermediate_at, local float4 *room) {
    int first = SHARE_INDEX * rows, streams = min(rows, B - first), width = VECTORS(H);
    gates += gates_at;
    hidden += hidden_at;
    memory += memory_at;
    dhidden += dhidden_at;
    later += later_at + first * H;
    dmemory += dmemory_at + first * H * MEMORY;
    dintermediate += dintermediate_at + first * H * INTERMEDIATE;
    for (int t = T - 1; t >= 0; t--) {
        int start = t * B + first, is_first = t == 0;
#if HALF_STEPS == 2
        for (int i = SHARE_ITEM; i < streams * width; i += SHARE_ITEMS) {
            int b = i / width, j = i % width * WIDTH, now = start + b, past = is_first ? now : now - B;
            JOIN(SECOND, _backward)(
                H, j, is_first, t == T - 1, gates + now * GATES * H, hidden + now * H * MIXES_HIDDEN,
                memory + now * H * MEMORY, memory + (now + B) * H * MEMORY, dhidden + now * H, later + b * H,
                dhidden + past * H, dmemory + b * H * MEMORY, dintermediate + b * H * INTERMEDIATE);
        }
        share_wait();
        share_multiply(
            streams, H, SECOND_GATES * H, gates + start * GATES * H + FIRST_GATES * H, GATES * H,
            second_weights + second_weights_at, H, dintermediate, room);
#endif
        for (int i = SHARE_ITEM; i < streams * width; i += SHARE_ITEMS) {
            int b = i / width, j = i % width * WIDTH, now = start + b, past = is_first ? now : now - B;
            JOIN(FIRST, _backward)(
                H, j, is_first, t == T - 1, gates + now * GATES * H, hidden + now * H * MIXES_HIDDEN,
                memory + now * H * MEMORY, memory + (now + B) * H * MEMORY, dhidden + now * H, later + b * H,
                dhidden + past * H, dmemory + b * H * MEMORY, dintermediate + b * H * INTERMEDIATE);
        }
        share_wait();
#if FIRST_GATES > 0
        if (t > 0) {
            share_multiply(
                streams, H, FIRST_GATES * H, gates + start * GATES * H, GATES * H, first_weights + first_weights_at, H,
                later, room);
        }
#endif
    }
}
