// The product of a recurrent step: few rows, the same right factor at every time step.
//
// A library packs the right factor anew at each call, which costs as much as the product when there are 25 rows.
// Here it is packed once for a whole sequence. A tile of up to 6 rows × 16 columns stays in registers while the
// inner loop runs over k: 12 accumulators of 8 floats, 2 loads and 6 broadcasts for 12 multiply-adds.
#include "kernels.h"

typedef float vector __attribute__((vector_size(32), aligned(4)));

enum {
    width = cpu_panel_width,
    tile_rows = 6,
    // k is cut so that a panel's slice, 256·16 floats, stays in the first-level cache while the rows pass over it.
    slice = 256,
};

long cpu_packed_count(long k, long n) { return (n + width - 1) / width * width * k; }

KERNEL void cpu_pack(const float *b, long stride, long k, long n, float *packed) {
    for (long panel = 0; panel < n; panel += width) {
        long columns = n - panel < width ? n - panel : width;
        for (long i = 0; i < k; i++, packed += width) {
            for (long j = 0; j < columns; j++) packed[j] = b[i * stride + panel + j];
        }
    }
}

KERNEL void cpu_pack_transposed(const float *b, long stride, long k, long n, float *packed) {
    for (long panel = 0; panel < n; panel += width) {
        long columns = n - panel < width ? n - panel : width;
        for (long i = 0; i < k; i++, packed += width) {
            for (long j = 0; j < columns; j++) packed[j] = b[(panel + j) * stride + i];
        }
    }
}

/// `rows` is a constant at every call, so that the accumulators live in registers.
INLINE void tile(const float *a, long a_stride, const float *b, long b_stride, float *c, long c_stride, const int rows,
                 long k, bool adding) {
    vector low[tile_rows], high[tile_rows];
    for (int r = 0; r < rows; r++) {
        // The next panel's part of c: a sequence is longer than the caches, and its rows lie too far apart for the
        // processor to foresee.
        __builtin_prefetch(c + r * c_stride + width, 1);
        low[r] = adding ? *(const vector *)(c + r * c_stride) : (vector){0};
        high[r] = adding ? *(const vector *)(c + r * c_stride + 8) : (vector){0};
    }
    for (long i = 0; i < k; i++) {
        vector b_low = *(const vector *)(b + i * b_stride);
        vector b_high = *(const vector *)(b + i * b_stride + 8);
        for (int r = 0; r < rows; r++) {
            low[r] += a[r * a_stride + i] * b_low;
            high[r] += a[r * a_stride + i] * b_high;
        }
    }
    for (int r = 0; r < rows; r++) {
        *(vector *)(c + r * c_stride) = low[r];
        *(vector *)(c + r * c_stride + 8) = high[r];
    }
}

/// The columns that do not fill a panel.
INLINE void edge(const float *a, long a_stride, const float *b, long b_stride, float *c, long c_stride, long rows,
                 long columns, long k, bool adding) {
    for (long r = 0; r < rows; r++) {
        float sums[width] = {0};
        for (long j = 0; j < columns; j++) sums[j] = adding ? c[r * c_stride + j] : 0;
        for (long i = 0; i < k; i++) {
            for (long j = 0; j < columns; j++) sums[j] += a[r * a_stride + i] * b[i * b_stride + j];
        }
        for (long j = 0; j < columns; j++) c[r * c_stride + j] = sums[j];
    }
}

INLINE void product(const float *a, long a_stride, const float *b, long b_stride, long panel_stride, float *c,
                    long c_stride, long rows, long n, long k, bool adding) {
    // Row tiles of nearly equal height: 25 rows are five tiles of 5, not four of 6 and one of 1.
    long tiles = (rows + tile_rows - 1) / tile_rows;
    for (long start = 0; start < k; start += slice) {
        long depth = k - start < slice ? k - start : slice;
        bool accumulating = adding || start > 0;
        for (long panel = 0; panel < n; panel += width) {
            const float *b_panel = b + panel / width * panel_stride + start * b_stride;
            if (n - panel < width) {
                edge(a + start, a_stride, b_panel, b_stride, c + panel, c_stride, rows, n - panel, depth,
                     accumulating);
                continue;
            }
            for (long t = 0; t < tiles; t++) {
                long first = rows * t / tiles, height = rows * (t + 1) / tiles - first;
                const float *a_tile = a + first * a_stride + start;
                float *c_tile = c + first * c_stride + panel;
                switch (height) {
                case 1: tile(a_tile, a_stride, b_panel, b_stride, c_tile, c_stride, 1, depth, accumulating); break;
                case 2: tile(a_tile, a_stride, b_panel, b_stride, c_tile, c_stride, 2, depth, accumulating); break;
                case 3: tile(a_tile, a_stride, b_panel, b_stride, c_tile, c_stride, 3, depth, accumulating); break;
                case 4: tile(a_tile, a_stride, b_panel, b_stride, c_tile, c_stride, 4, depth, accumulating); break;
                case 5: tile(a_tile, a_stride, b_panel, b_stride, c_tile, c_stride, 5, depth, accumulating); break;
                default: tile(a_tile, a_stride, b_panel, b_stride, c_tile, c_stride, 6, depth, accumulating);
                }
            }
        }
    }
}

KERNEL void cpu_product_packed(const float *a, long a_stride, const float *packed, float *c, long c_stride, long rows,
                               long n, long k, bool adding) {
    product(a, a_stride, packed, width, width * k, c, c_stride, rows, n, k, adding);
}

/// One row, as in sampling: nothing of b is used twice, so b is read in the order in which it lies in memory, eight
/// rows at a time to spare loads and stores of c.
INLINE void row_product(const float *a, const float *b, long b_stride, float *c, long n, long k, bool adding) {
    if (!adding) memset(c, 0, (size_t)n * sizeof(float));
    long i = 0;
    for (; i + 8 <= k; i += 8) {
        const float *r = b + i * b_stride;
        INDEPENDENT
        for (long j = 0; j < n; j++) {
            float sum = c[j];
            for (int u = 0; u < 8; u++) sum += a[i + u] * r[u * b_stride + j];
            c[j] = sum;
        }
    }
    for (; i < k; i++) {
        INDEPENDENT
        for (long j = 0; j < n; j++) c[j] += a[i] * b[i * b_stride + j];
    }
}

KERNEL void cpu_product(const float *a, long a_stride, const float *b, long b_stride, float *c, long c_stride,
                        long rows, long n, long k, bool adding) {
    if (rows == 1) return row_product(a, b, b_stride, c, n, k, adding);
    product(a, a_stride, b, b_stride, width, c, c_stride, rows, n, k, adding);
}
