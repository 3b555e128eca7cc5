// What stands, on processors, after common.cl: the product of some rows with a panel, for products and time steps. For the
// latter, gpu.cl has the same on GPUs.
//
// CLBlast's kernels are not made for processors: they reach 20 to 60 GFLOP/s where this has 150 and more.
//
// A panel holds PANEL columns of the right factor b, k × PANEL side by side, zero where b has ended.
// A tile of the result, TILE_ROWS × PANEL, stays in registers while k runs: with AVX-512 5 sums, 1 load and 5 broadcasts
// for 5 multiplications with additions; with AVX2, where float16 takes two registers, 10, 2 and 5 for 10.
#ifdef __clang__
// Floats are passed to functions in sixteens, which PoCL's compiler warns of: every function here is built by it.
#pragma clang diagnostic ignored "-Wpsabi"
#endif

// k is cut so that a panel's block, BLOCK_DEPTH × PANEL floats, stays in the second-level cache while the rows pass over
// it.
#if PANEL != 16
#error "the columns of a panel are those of a float16"
#endif

// The PANEL floats at x, of which `left` are there.
static inline float16 panel_load(global const float *x, int left) {
    if (left >= PANEL) return vload16(0, x);
    float part[PANEL];
    for (int j = 0; j < PANEL; j++) part[j] = j < left ? x[j] : 0.0f;
    return vload16(0, part);
}

static inline void panel_store(float16 value, global float *x, int left) {
    if (left >= PANEL) {
        vstore16(value, 0, x);
        return;
    }
    float part[PANEL];
    vstore16(value, 0, part);
    for (int j = 0; j < left; j++) x[j] = part[j];
}

// c = a·b, or c += a·b when adding, for the columns of one panel.
//
// a         m × k       rows a_stride apart
// b         k × PANEL   rows b_stride apart: PANEL in a panel; more for a matrix as it stands, with `b_left` columns
// c         m × PANEL   rows c_stride apart, of which `left` columns are there
static inline void panel_multiply(
    int m, int k, int left, int adding, global const float *a, int a_stride, global const float *b, int b_stride,
    int b_left, global float *c, int c_stride) {
    for (int begin = 0; begin < k; begin += BLOCK_DEPTH) {
        int end = min(begin + BLOCK_DEPTH, k);
        for (int row = 0; row < m; row += TILE_ROWS) {
            // Rows beyond the last are the last once more, and not stored.
            global const float *a_rows[TILE_ROWS];
            global float *c_rows[TILE_ROWS];
            float16 sums[TILE_ROWS];
            #pragma unroll
            for (int r = 0; r < TILE_ROWS; r++) {
                int at = min(row + r, m - 1);
                a_rows[r] = a + at * a_stride;
                c_rows[r] = c + at * c_stride;
                sums[r] = adding || begin > 0 ? panel_load(c_rows[r], left) : (float16)(0.0f);
            }
            for (int i = begin; i < end; i++) {
                float16 b_row = panel_load(b + i * b_stride, b_left);
                #pragma unroll
                for (int r = 0; r < TILE_ROWS; r++) sums[r] += a_rows[r][i] * b_row;
            }
            #pragma unroll
            for (int r = 0; r < TILE_ROWS; r++) {
                if (row + r < m) panel_store(sums[r], c_rows[r], left);
            }
        }
    }
}

// A share of the streams that is taken through all time steps has one work-item to itself.
#define SHARE_INDEX get_global_id(0)
#define SHARE_ITEM 0
#define SHARE_ITEMS 1

static inline void share_wait(void) {}

// Where a product has several right factors, how far the panels of the next lie behind those of one of k × n.
#define FACTOR_BESIDE(k, n) ((k) * (((n) + PANEL - 1) / PANEL * PANEL))
#define FACTOR_BELOW(k, n) FACTOR_BESIDE(k, n)

// c = a·b, or c += a·b when adding, for a b of n columns in panels: m rows of a time step.
static inline void share_multiply(
    int m, int n, int k, int adding, global const float *a, int a_stride, global const float *b, int b_stride,
    global float *c, int c_stride, local float4 *room) {
    for (int j = 0; j < n; j += PANEL) {
        panel_multiply(m, k, n - j, adding, a, a_stride, b + j * k, PANEL, PANEL, c + j, c_stride);
    }
}
