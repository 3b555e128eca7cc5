// What stands, on GPUs, after sequence.cl: a half-step of one time step with its product, in one launch.
//
// A work-group takes a tile of the product: STEP_ROWS streams, and the STEP_COLUMNS columns that belong to some units, those
// of all their gates; so it can go on with these units by itself. Of a tile, STEP_ITEMS items hold 4 × 4 elements each. The
// sum over k is cut into parts, with as many items for each: the layers that most people train have few tiles.
#define STEP_LANES (STEP_COLUMNS / 4)
#define STEP_ITEMS (STEP_ROWS / 4 * STEP_LANES)
#if STEP_ITEMS != STEP_COLUMNS
#error "an item reads one column of the right factor"
#endif

// The units of a tile for a product of so many gates, up to four.
#define STEP_UNITS(gates) (STEP_LANES * (4 / (gates)))

// The vectors of four rows in the left factor's tile at one depth, and one more that keeps depths in different banks.
#define STEP_STRIDE (STEP_ROWS / 4 + 1)
// The vectors of local memory for the items of a part.
#define STEP_ROOM (STEP_DEPTH * (STEP_STRIDE + STEP_COLUMNS / 4))

#if FIRST_GATES > 0
// c = a·b, or c += a·b when adding, for a tile, which the whole group may read afterwards, and must have called this for
// together. Of each gate the tile has `units` columns that are there; the next gate's lie H further on.
//
// a         m × k    rows a_stride apart; m ≤ STEP_ROWS
// b         k × gates·H, from the tile's first unit on; rows b_stride apart
// c         m × gates·H, likewise; rows c_stride apart
// room      for each part, STEP_DEPTH of both factors' tiles
static inline void tile_multiply(
    int m, int units, int H, int gates, int k, int adding, global const float *a, int a_stride, global const float *b,
    int b_stride, global float *c, int c_stride, local float4 *room) {
    int width = 4 / gates;
    int part = get_local_id(0) / STEP_ITEMS, parts = get_local_size(0) / STEP_ITEMS;
    int item = get_local_id(0) % STEP_ITEMS, lane = item % STEP_LANES, row = item / STEP_LANES * 4;
    int depth = (k + parts - 1) / parts, begin = part * depth, end = min(begin + depth, k);
    local float4 *a_tile = room + part * STEP_ROOM;
    local float *b_tile = (local float *)(a_tile + STEP_DEPTH * STEP_STRIDE);

    // This item reads one column of b, and some rows of a at one depth.
    int gate = item / STEP_LANES / width, unit = item / STEP_LANES % width * STEP_LANES + lane;
    int is_there = gate < gates && unit < units;
    b += is_there ? gate * H + unit : 0;
    int a_depth = item % STEP_DEPTH, a_row = item / STEP_DEPTH;

    float4 sums[4];
    for (int w = 0; w < 4; w++) sums[w] = 0.0f;
    // The numbers of the next turn are on their way while this one's are multiplied.
    float a_next[STEP_ROWS * STEP_DEPTH / STEP_ITEMS], b_next[STEP_DEPTH];
    for (int at = begin - STEP_DEPTH; at < begin + depth; at += STEP_DEPTH) {
        int next = at + STEP_DEPTH;
        if (at >= begin) {
            #pragma unroll
            for (int q = 0; q < STEP_ROWS * STEP_DEPTH / STEP_ITEMS; q++) {
                ((local float *)a_tile)[a_depth * 4 * STEP_STRIDE + a_row + q * (STEP_ITEMS / STEP_DEPTH)] = a_next[q];
            }
            #pragma unroll
            for (int d = 0; d < STEP_DEPTH; d++) b_tile[d * STEP_COLUMNS + item] = b_next[d];
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        #pragma unroll
        for (int q = 0; q < STEP_ROWS * STEP_DEPTH / STEP_ITEMS; q++) {
            int r = a_row + q * (STEP_ITEMS / STEP_DEPTH), i = next + a_depth;
            a_next[q] = r < m && i < end ? a[r * a_stride + i] : 0.0f;
        }
        #pragma unroll
        for (int d = 0; d < STEP_DEPTH; d++) b_next[d] = is_there && next + d < end ? b[(next + d) * b_stride] : 0.0f;
        if (at >= begin) {
            for (int d = 0; d < STEP_DEPTH; d++) {
                float4 rows = a_tile[d * STEP_STRIDE + row / 4];
                #pragma unroll
                for (int w = 0; w < 4; w++) sums[w] += rows * b_tile[d * STEP_COLUMNS + w * STEP_LANES + lane];
            }
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }

    // The other parts leave their sums where their tiles were.
    if (part > 0) {
        for (int w = 0; w < 4; w++) a_tile[w * STEP_ITEMS + item] = sums[w];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    if (part == 0) {
        for (int w = 0; w < 4; w++) {
            for (int p = 1; p < parts; p++) sums[w] += room[p * STEP_ROOM + w * STEP_ITEMS + item];
            int of_gate = w / width, of_unit = w % width * STEP_LANES + lane;
            if (of_gate >= gates || of_unit >= units) continue;
            float column[4];
            vstore4(sums[w], 0, column);
            for (int r = 0; r < 4; r++) {
                int at = (row + r) * c_stride + of_gate * H + of_unit;
                if (row + r < m) c[at] = adding ? c[at] + column[r] : column[r];
            }
        }
    }
    share_wait();
}

// One work-group for each tile, those of one row of tiles side by side; its items are a multiple of STEP_ITEMS.

// `states` are h′, or all that the half-steps before have made; `weights` the columns of U for the half-step.
KERNEL void JOIN(CELL, _whole_step_forward)(
    int half_step, int B, int H, global const float *states, int states_at, global const float *weights, int weights_at,
    global float *gates, int gates_at, global const float *input_bias, int input_bias_at, global float *product,
    int product_at, global const float *recurrent_bias, int recurrent_bias_at, global const float *hidden_before,
    int hidden_before_at, global const float *memory_before, int memory_before_at, global float *intermediate,
    int intermediate_at, global float *hidden, int hidden_at, global float *memory, int memory_at, local float4 *room) {
    int product_gates = PRODUCT_GATES(half_step), tile = STEP_UNITS(product_gates);
    int tiles = (H + tile - 1) / tile, unit = get_group_id(0) % tiles * tile, stream = get_group_id(0) / tiles * STEP_ROWS;
    int units = min(tile, H - unit), streams = min(STEP_ROWS, B - stream);
    int stride = half_step == 0 ? H : H * INTERMEDIATE;
    for (int state = 0; state < PRODUCT_STATES(half_step); state++) {
        tile_multiply(
            streams, units, H, product_gates, H, state > 0, states + states_at + stream * stride + state * H, stride,
            weights + weights_at + state * product_gates * H + unit, MATRICES * H,
            product + product_at + stream * product_gates * H + unit, product_gates * H, room);
    }
    for (int i = get_local_id(0); i < streams * units; i += get_local_size(0)) {
        half_step_forward(
            half_step, stream + i / units, H, unit + i % units, gates + gates_at, input_bias + input_bias_at,
            product + product_at, recurrent_bias + recurrent_bias_at, hidden_before + hidden_before_at,
            memory_before + memory_before_at, intermediate + intermediate_at, hidden + hidden_at, memory + memory_at);
    }
}

// `arguments` are the gradients of the gates' arguments from the half-step that is next in time, from its first gate on;
// `weights` the rows of Uᵀ for that half-step. Their product is `later` before the last half-step, and there is none where
// no step is later; else it is `dintermediate`.
KERNEL void JOIN(CELL, _whole_step_backward)(
    int half_step, int B, int H, int is_first, int is_last, global const float *arguments, int arguments_at,
    global const float *weights, int weights_at, global float *gates, int gates_at, global const float *hidden_before,
    int hidden_before_at, global const float *memory_before, int memory_before_at, global const float *memory,
    int memory_at, global float *dhidden, int dhidden_at, global float *later, int later_at,
    global float *dhidden_before, int dhidden_before_at, global float *dmemory, int dmemory_at,
    global float *dintermediate, int dintermediate_at, local float4 *room) {
    int is_last_half = half_step == HALF_STEPS - 1, tile = STEP_UNITS(1);
    int tiles = (H + tile - 1) / tile, unit = get_group_id(0) % tiles * tile, stream = get_group_id(0) / tiles * STEP_ROWS;
    int units = min(tile, H - unit), streams = min(STEP_ROWS, B - stream);
    int next = is_last_half ? 0 : half_step + 1, depth = PRODUCT_GATES(next) * H;
    int states = is_last_half && is_last ? 0 : PRODUCT_STATES(next), stride = is_last_half ? H : H * INTERMEDIATE;
    global float *gradient = is_last_half ? later + later_at : dintermediate + dintermediate_at;
    for (int state = 0; state < states; state++) {
        tile_multiply(
            streams, units, H, 1, depth, PRODUCT_ADDS(next), arguments + arguments_at + stream * GATES * H, GATES * H,
            weights + weights_at + state * depth * H + unit, H, gradient + stream * stride + state * H + unit, stride,
            room);
    }
    for (int i = get_local_id(0); i < streams * units; i += get_local_size(0)) {
        half_step_backward(
            half_step, stream + i / units, H, unit + i % units, is_first, is_last, gates + gates_at,
            hidden_before + hidden_before_at, memory_before + memory_before_at, memory + memory_at, dhidden + dhidden_at,
            later + later_at, dhidden_before + dhidden_before_at, dmemory + dmemory_at, dintermediate + dintermediate_at);
    }
}
#endif
