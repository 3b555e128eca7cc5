// What stands, on GPUs, after common.cl: how a work-group takes a share of the streams through all time steps.
//
// The product of a step is small: of up to SHARE_ROWS rows, whose columns the items of the group share, neighbours side
// by side. Where there are more items than columns, several share the sum of one. U comes from the cache at every step,
// the rows of the other factor once from the memory.
#if SHARE_ROWS != 4
#error "the rows of a share are those of a float4"
#endif

// The share, the item of its group, and how many there are.
#define SHARE_INDEX get_group_id(0)
#define SHARE_ITEM get_local_id(0)
#define SHARE_ITEMS get_local_size(0)

// What the group's other items have written may be read afterwards. All of them must call it.
static inline void share_wait(void) { barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE); }

// Where a product has several right factors, how far the next lies behind one of k × n: beside it, or below it.
#define FACTOR_BESIDE(k, n) (n)
#define FACTOR_BELOW(k, n) ((k) * (n))

// c = a·b, or c += a·b when adding; afterwards the whole group may read it, and must have called this together.
//
// a         m × k    rows a_stride apart; m ≤ SHARE_ROWS
// b         k × n    rows b_stride apart
// c         m × n    rows c_stride apart
// room               one place for each item and for each column of a, with the numbers of all rows side by side
static inline void share_multiply(
    int m, int n, int k, int adding, global const float *a, int a_stride, global const float *b, int b_stride,
    global float *c, int c_stride, local float4 *room) {
    int item = SHARE_ITEM, items = SHARE_ITEMS;
    local float4 *sums = room, *columns = room + items;
    for (int i = item; i < k; i += items) {
        float column[SHARE_ROWS];
        for (int r = 0; r < SHARE_ROWS; r++) column[r] = r < m ? a[r * a_stride + i] : 0.0f;
        columns[i] = vload4(0, column);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    // Each item sums `depth` products of its column; with fewer items than columns it is all of them.
    int parts = clamp(items / n, 1, k), depth = (k + parts - 1) / parts;
    int part = item / n, begin = part * depth, end = min(begin + depth, k);
    for (int first = 0; first < n; first += items) {
        int j = first + item - part * n;
        float4 sum = 0.0f;
        if (j < n) {
            for (int i = begin; i < end; i++) sum += columns[i] * b[i * b_stride + j];
        }
        sums[item] = sum;
        barrier(CLK_LOCAL_MEM_FENCE);
        if (part == 0 && j < n) {
            for (int p = 1; p < parts; p++) sum += sums[p * n + item];
            float rows[SHARE_ROWS];
            vstore4(sum, 0, rows);
            for (int r = 0; r < m; r++) c[r * c_stride + j] = adding ? c[r * c_stride + j] + rows[r] : rows[r];
        }
        share_wait();
    }
}
