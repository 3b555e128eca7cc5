// The loops of every recurrent layer, behind the file of a cell: one half-step of one time step, for GPUs, with the
// products elsewhere; and a share of the streams through all time steps, with the products.
//
// The host defines what it knows of the cell: CELL, its name; GATES; MATRICES, those side by side in U; whether there is a
// MEMORY c, and whether the half-steps take h′ themselves, MIXES_HIDDEN (each 0 or 1); HALF_STEPS, 1 to 3; for the FIRST, the
// SECOND and the THIRD the name of its functions, and the number of gates that its product gives: FIRST_GATES and so on.
//
// What a cell has not is one element, of which no row is far.

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)

// The states of H numbers that a step makes for its later products: one in each half-step but the last.
#define INTERMEDIATE (HALF_STEPS - 1)

// Of a half-step's product: the first of its gates, how many they are, and how many states are multiplied: h′, or all that
// the half-steps before have made. The next half-step multiplies these as well, so that backward it is not the first to
// give them a gradient, unless it is the last one.
#define PRODUCT_GATE(half_step) ((half_step) == 0 ? 0 : (half_step) == 1 ? FIRST_GATES : FIRST_GATES + SECOND_GATES)
#define PRODUCT_GATES(half_step) ((half_step) == 0 ? FIRST_GATES : (half_step) == 1 ? SECOND_GATES : THIRD_GATES)
#define PRODUCT_STATES(half_step) ((half_step) == 0 ? FIRST_GATES > 0 : (half_step))
#define PRODUCT_ADDS(half_step) ((half_step) > 0 && (half_step) < HALF_STEPS - 1)
#define LARGEST_PRODUCT max(FIRST_GATES, max(SECOND_GATES, THIRD_GATES))

// A half-step for the units from j on of one stream.

static inline void units_forward(int half_step, FORWARD_OPERANDS) {
    if (half_step == 0) {
        JOIN(FIRST, _forward)(
            H, j, gates, input_bias, product, recurrent_bias, hidden_before, memory_before, intermediate, hidden, memory);
    }
#if HALF_STEPS > 1
    if (half_step == 1) {
        JOIN(SECOND, _forward)(
            H, j, gates, input_bias, product, recurrent_bias, hidden_before, memory_before, intermediate, hidden, memory);
    }
#endif
#if HALF_STEPS > 2
    if (half_step == 2) {
        JOIN(THIRD, _forward)(
            H, j, gates, input_bias, product, recurrent_bias, hidden_before, memory_before, intermediate, hidden, memory);
    }
#endif
}

static inline void units_backward(int half_step, BACKWARD_OPERANDS) {
    if (half_step == 0) {
        JOIN(FIRST, _backward)(
            H, j, is_first, is_last, gates, hidden_before, memory_before, memory, dhidden, later, dhidden_before, dmemory,
            dintermediate);
    }
#if HALF_STEPS > 1
    if (half_step == 1) {
        JOIN(SECOND, _backward)(
            H, j, is_first, is_last, gates, hidden_before, memory_before, memory, dhidden, later, dhidden_before, dmemory,
            dintermediate);
    }
#endif
#if HALF_STEPS > 2
    if (half_step == 2) {
        JOIN(THIRD, _backward)(
            H, j, is_first, is_last, gates, hidden_before, memory_before, memory, dhidden, later, dhidden_before, dmemory,
            dintermediate);
    }
#endif
}

// The same for stream b, where the other operands are those of all B streams.

static inline void half_step_forward(int half_step, int b, FORWARD_OPERANDS) {
    units_forward(
        half_step, H, j, gates + b * GATES * H, input_bias, product + b * PRODUCT_GATES(half_step) * H, recurrent_bias,
        hidden_before + b * H * MIXES_HIDDEN, memory_before + b * H * MEMORY, intermediate + b * H * INTERMEDIATE,
        hidden + b * H, memory + b * H * MEMORY);
}

static inline void half_step_backward(int half_step, int b, BACKWARD_OPERANDS) {
    units_backward(
        half_step, H, j, is_first, is_last, gates + b * GATES * H, hidden_before + b * H * MIXES_HIDDEN,
        memory_before + b * H * MEMORY, memory + b * H * MEMORY, dhidden + b * H, later + b * H,
        dhidden_before + b * H * MIXES_HIDDEN, dmemory + b * H * MEMORY, dintermediate + b * H * INTERMEDIATE);
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
// serve one step after the other. The weights are U, forward, and Uᵀ, backward; on processors the panels of each factor.

// Where the factors of a half-step begin among the weights.
static inline int factors_forward(int half_step, int H) {
    int at = 0;
    for (int i = 0; i < half_step; i++) at += PRODUCT_STATES(i) * FACTOR_BESIDE(H, PRODUCT_GATES(i) * H);
    return at;
}

static inline int factors_backward(int half_step, int H) {
    int at = 0;
    for (int i = 0; i < half_step; i++) at += PRODUCT_STATES(i) * FACTOR_BELOW(PRODUCT_GATES(i) * H, H);
    return at;
}

KERNEL void JOIN(CELL, _sequence_forward)(
    int T, int B, int H, int rows, global float *gates, int gates_at, global const float *input_bias,
    int input_bias_at, global const float *weights, int weights_at, global const float *recurrent_bias,
    int recurrent_bias_at, global float *hidden, int hidden_at, global float *memory, int memory_at,
    global float *intermediate, int intermediate_at, global float *product, int product_at, local float4 *room) {
    int first = SHARE_INDEX * rows, streams = min(rows, B - first), width = VECTORS(H);
    gates += gates_at;
    input_bias += input_bias_at;
    weights += weights_at;
    recurrent_bias += recurrent_bias_at;
    hidden += hidden_at;
    memory += memory_at;
    intermediate += intermediate_at;
    product += product_at + first * LARGEST_PRODUCT * H;
    for (int t = 0; t < T; t++) {
        int start = t * B + first;
        for (int half_step = 0; half_step < HALF_STEPS; half_step++) {
            int columns = PRODUCT_GATES(half_step) * H, stride = half_step == 0 ? H : H * INTERMEDIATE;
            global const float *states = half_step == 0 ? hidden + start * H : intermediate + start * H * INTERMEDIATE;
            for (int state = 0; state < PRODUCT_STATES(half_step); state++) {
                share_multiply(
                    streams, columns, H, state > 0, states + state * H, stride,
                    weights + factors_forward(half_step, H) + state * FACTOR_BESIDE(H, columns), MATRICES * H, product,
                    columns, room);
            }
            for (int i = SHARE_ITEM; i < streams * width; i += SHARE_ITEMS) {
                int b = i / width, j = i % width * WIDTH, now = start + b, next = now + B;
                units_forward(
                    half_step, H, j, gates + now * GATES * H, input_bias, product + b * columns, recurrent_bias,
                    hidden + now * H, memory + now * H * MEMORY, intermediate + now * H * INTERMEDIATE, hidden + next * H,
                    memory + next * H * MEMORY);
            }
            share_wait();
        }
    }
}

KERNEL void JOIN(CELL, _sequence_backward)(
    int T, int B, int H, int rows, global float *gates, int gates_at, global const float *weights, int weights_at,
    global const float *hidden, int hidden_at, global const float *memory, int memory_at, global float *dhidden,
    int dhidden_at, global float *later, int later_at, global float *dmemory, int dmemory_at,
    global float *dintermediate, int dintermediate_at, local float4 *room) {
    int first = SHARE_INDEX * rows, streams = min(rows, B - first), width = VECTORS(H);
    gates += gates_at;
    weights += weights_at;
    hidden += hidden_at;
    memory += memory_at;
    dhidden += dhidden_at;
    later += later_at + first * H;
    dmemory += dmemory_at + first * H * MEMORY;
    dintermediate += dintermediate_at + first * H * INTERMEDIATE;
    for (int t = T - 1; t >= 0; t--) {
        int start = t * B + first, is_first = t == 0;
        for (int half_step = HALF_STEPS - 1; half_step >= 0; half_step--) {
            for (int i = SHARE_ITEM; i < streams * width; i += SHARE_ITEMS) {
                int b = i / width, j = i % width * WIDTH, now = start + b, past = is_first ? now : now - B;
                units_backward(
                    half_step, H, j, is_first, t == T - 1, gates + now * GATES * H, hidden + now * H * MIXES_HIDDEN,
                    memory + now * H * MEMORY, memory + (now + B) * H * MEMORY, dhidden + now * H, later + b * H,
                    dhidden + past * H, dmemory + b * H * MEMORY, dintermediate + b * H * INTERMEDIATE);
            }
            share_wait();
            // The state before the first step gets no gradient.
            if (half_step == 0 && is_first) break;
            int columns = PRODUCT_GATES(half_step) * H, stride = half_step == 0 ? H : H * INTERMEDIATE;
            global float *gradient = half_step == 0 ? later : dintermediate;
            for (int state = 0; state < PRODUCT_STATES(half_step); state++) {
                share_multiply(
                    streams, H, columns, PRODUCT_ADDS(half_step), gates + (start * GATES + PRODUCT_GATE(half_step)) * H,
                    GATES * H, weights + factors_backward(half_step, H) + state * FACTOR_BELOW(columns, H), H,
                    gradient + state * H, stride, room);
            }
        }
    }
}
