// The products with weights: those of a recurrent step, which have few rows and the same right factor at every time step,
// and those of a whole batch.
//
// A library packs both factors anew at each call, which for 25 rows costs as much as the product. Here the right one is
// packed once for a whole sequence, the left one never. A tile of rows × 16 columns stays in registers while the inner
// loop runs over k: with AVX-512 up to 14 rows of one register each, 1 load and 14 broadcasts for 14 multiply-adds;
// elsewhere 6 rows of two registers of 8 floats, 2 loads and 6 broadcasts for 12.
#include "kernels.h"

typedef float vector __attribute__((vector_size(64), aligned(4)));

enum {
    width = cpu_panel_width,
    narrow_tile_rows = 6,
    wide_tile_rows = 14,
    // k is cut so that a block of rows and a panel, 1024 long, stay in the second-level cache together.
    slice = 1024,
    // The rows that pass over it together.
    block_rows = 28,
    // Rows this many floats apart lie in the same few lines of a first-level cache, which cannot hold a tile of them.
    collision = 1024,
    copied_stride = slice + 16,
};

/// c (rows × n) = a (rows × k; where `transposed`, k × rows) · b, or += when `adding`. The rows of a panel of b are
/// b_stride apart, the panels panel_stride; what is left of the last one's width is zero, if it is there.
struct product {
    const float *a;
    long a_stride;
    const float *b;
    long b_stride, panel_stride;
    float *c;
    long c_stride, rows, n, k;
    bool adding, transposed;
};

INLINE long smaller(long a, long b) { return a < b ? a : b; }

// MARK: Packing

long cpu_packed_count(long k, long n) { return (n + width - 1) / width * width * k; }

INLINE void pack_panel(const float *b, long stride, long k, long columns, float *packed) {
    if (columns == width) {
        for (long i = 0; i < k; i++, packed += width) {
            *(vector *)packed = *(const vector *)(b + i * stride);
            // The next panel, whose rows are also too far apart to be foreseen.
            __builtin_prefetch(b + i * stride + width);
        }
        return;
    }
    for (long i = 0; i < k; i++, packed += width) {
        for (long j = 0; j < columns; j++) packed[j] = b[i * stride + j];
        for (long j = columns; j < width; j++) packed[j] = 0;
    }
}

KERNEL void cpu_pack(const float *b, long stride, long k, long n, float *packed) {
    for (long panel = 0; panel < n; panel += width) {
        pack_panel(b + panel, stride, k, smaller(n - panel, width), packed + panel * k);
    }
}

/// packed (count × 16) = the transpose of b (columns × count).
INLINE void pack_block_transposed(const float *b, long stride, long count, long columns, float *packed) {
    for (long j = 0; j < columns; j++) {
        for (long i = 0; i < count; i++) packed[i * width + j] = b[j * stride + i];
    }
    for (long j = columns; j < width; j++) {
        for (long i = 0; i < count; i++) packed[i * width + j] = 0;
    }
}

KERNEL void cpu_pack_transposed(const float *b, long stride, long k, long n, float *packed) {
    for (long panel = 0; panel < n; panel += width) {
        long columns = smaller(n - panel, width);
        const float *rows = b + panel * stride;
        long i = 0;
        // A line of the cache at a time, which may not hold those of 16 rows.
        for (; columns == width && i + width <= k; i += width, packed += width * width) {
            pack_block_transposed(rows + i, stride, width, width, packed);
        }
        pack_block_transposed(rows + i, stride, k - i, columns, packed);
        packed += (k - i) * width;
    }
}

// MARK: Tiles

/// a(r, i) = a[r·a_row + i·a_column], one of which is 1. `rows` is a constant at every call, so that the sums live in
/// registers.
INLINE void tile(const float *a, long a_row, long a_column, const float *b, long b_stride, float *c, long c_stride,
                 const int rows, long k, bool adding) {
    vector sums[wide_tile_rows];
    UNROLLED
    for (int r = 0; r < rows; r++) {
        // The next panel's part of c: a sequence is longer than the caches, and its rows lie too far apart for the
        // processor to foresee.
        __builtin_prefetch(c + r * c_stride + width, 1);
        sums[r] = adding ? *(const vector *)(c + r * c_stride) : (vector){0};
    }
    ALIGNED
    for (long i = 0; i < k; i++) {
        vector b_row = *(const vector *)(b + i * b_stride);
        UNROLLED
        for (int r = 0; r < rows; r++) sums[r] += a[r * a_row + i * a_column] * b_row;
    }
    UNROLLED
    for (int r = 0; r < rows; r++) *(vector *)(c + r * c_stride) = sums[r];
}

INLINE void tile_of(long rows, const float *a, long a_row, long a_column, const float *b, long b_stride, float *c,
                    long c_stride, long k, bool adding, const int most_rows) {
#define TILE(count)                                                                                    \
    case count:                                                                                        \
        if (count <= most_rows) tile(a, a_row, a_column, b, b_stride, c, c_stride, count, k, adding); \
        break;
    switch (rows) {
        TILE(1) TILE(2) TILE(3) TILE(4) TILE(5) TILE(6) TILE(7)
        TILE(8) TILE(9) TILE(10) TILE(11) TILE(12) TILE(13) TILE(14)
    }
#undef TILE
}

/// A tile of fewer columns than a panel has, in room for all of them.
INLINE void edge_of(long rows, const float *a, long a_row, long a_column, const float *b, long b_stride, float *c,
                    long c_stride, long columns, long k, bool adding, const int most_rows) {
    float whole[wide_tile_rows * width] = {0};
    for (long r = 0; adding && r < rows; r++) {
        for (long j = 0; j < columns; j++) whole[r * width + j] = c[r * c_stride + j];
    }
    tile_of(rows, a, a_row, a_column, b, b_stride, whole, width, k, adding, most_rows);
    for (long r = 0; r < rows; r++) {
        for (long j = 0; j < columns; j++) c[r * c_stride + j] = whole[r * width + j];
    }
}

// MARK: Products

/// `rows` rows from `first` on, over the slice of k that begins at `start`.
INLINE void block(const struct product *p, long first, long rows, long start, const int most_rows,
                  const bool transposed) {
    long depth = smaller(p->k - start, slice);
    bool adding = p->adding || start > 0;
    long a_row = transposed ? 1 : p->a_stride, a_column = transposed ? p->a_stride : 1;
    const float *a = p->a + first * a_row + start * a_column;
    float copied[block_rows * copied_stride];
    if (!transposed && a_row % collision == 0) {
        for (long r = 0; r < rows; r++) {
            memcpy(copied + r * copied_stride, a + r * a_row, (size_t)depth * sizeof(float));
        }
        a = copied;
        a_row = copied_stride;
    }
    // Tiles of nearly equal height: 25 rows are 13 and 12, not 14 and 11.
    long tiles = (rows + most_rows - 1) / most_rows;
    for (long panel = 0; panel < p->n; panel += width) {
        long columns = p->n - panel;
        const float *b = p->b + panel / width * p->panel_stride + start * p->b_stride;
        long b_stride = p->b_stride;
        float packed[slice * width];
        if ((columns < width || transposed) && b_stride != width) {
            pack_panel(b, b_stride, depth, smaller(columns, width), packed);
            b = packed;
            b_stride = width;
        }
        for (long t = 0; t < tiles; t++) {
            long row = rows * t / tiles, height = rows * (t + 1) / tiles - row;
            const float *a_tile = a + row * a_row;
            float *c = p->c + (first + row) * p->c_stride + panel;
            if (columns < width) {
                edge_of(
                    height, a_tile, a_row, a_column, b, b_stride, c, p->c_stride, columns, depth, adding, most_rows);
            } else {
                tile_of(height, a_tile, a_row, a_column, b, b_stride, c, p->c_stride, depth, adding, most_rows);
            }
        }
    }
}

INLINE void multiply_rows(const struct product *p, const int most_rows) {
    long blocks = (p->rows + block_rows - 1) / block_rows;
    for (long start = 0; start < p->k; start += slice) {
        for (long i = 0; i < blocks; i++) {
            long first = p->rows * i / blocks;
            block(p, first, p->rows * (i + 1) / blocks - first, start, most_rows, false);
        }
    }
}

/// All rows in one block, to repay the packing of its panels.
INLINE void multiply_transposed(const struct product *p, const int most_rows) {
    for (long start = 0; start < p->k; start += slice) block(p, 0, p->rows, start, most_rows, true);
}

INLINE void multiply(const struct product *p, const int most_rows) {
    if (p->transposed) multiply_transposed(p, most_rows);
    else multiply_rows(p, most_rows);
}

KERNEL static void multiply_narrow(const struct product *p) { multiply(p, narrow_tile_rows); }

// Not under the thread sanitizer, where the product of one row is compiled for the oldest processor (see kernels.h): a sum
// must have the same bits in both.
#if defined(__x86_64__) && !__has_feature(thread_sanitizer)
__attribute__((target("arch=x86-64-v4"), min_vector_width(512)))
static void multiply_wide(const struct product *p) { multiply(p, wide_tile_rows); }

static void run(struct product p) {
    if (__builtin_cpu_supports("x86-64-v4")) multiply_wide(&p);
    else multiply_narrow(&p);
}
#else
static void run(struct product p) { multiply_narrow(&p); }
#endif

/// One row, as in a text that is read alone: some panels side by side, since the sums of one panel wait for one another.
/// The additions are those of a tile, and of row_product, in the same order.
KERNEL static void packed_row(const float *a, const float *packed, float *c, long n, long k, bool adding) {
    enum { panels = 4 };
    long column = 0;
    for (; column + panels * width <= n; column += panels * width) {
        const float *b = packed + column * k;
        vector sums[panels];
        UNROLLED
        for (int p = 0; p < panels; p++) sums[p] = adding ? *(const vector *)(c + column + p * width) : (vector){0};
        ALIGNED
        for (long i = 0; i < k; i++) {
            UNROLLED
            for (int p = 0; p < panels; p++) sums[p] += a[i] * *(const vector *)(b + (p * k + i) * width);
        }
        UNROLLED
        for (int p = 0; p < panels; p++) *(vector *)(c + column + p * width) = sums[p];
    }
    if (column == n) return;
    run((struct product){a, k, packed + column * k, width, width * k, c + column, n, 1, n - column, k, adding, false});
}

void cpu_product_packed(const float *a, long a_stride, const float *packed, float *c, long c_stride, long rows, long n,
                        long k, bool adding) {
    if (rows == 1) packed_row(a, packed, c, n, k, adding);
    else run((struct product){a, a_stride, packed, width, width * k, c, c_stride, rows, n, k, adding, false});
}

void cpu_product_packed_transposed(const float *a, long a_stride, const float *packed, float *c, long c_stride, long rows,
                                   long n, long k) {
    run((struct product){a, a_stride, packed, width, width * k, c, c_stride, rows, n, k, false, true});
}

/// One row, as in sampling: nothing of b is used twice, so b is read in the order in which it lies in memory, eight
/// rows at a time to spare loads and stores of c.
KERNEL static void row_product(const float *a, const float *b, long b_stride, float *c, long n, long k, bool adding) {
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

void cpu_product(const float *a, long a_stride, const float *b, long b_stride, float *c, long c_stride, long rows,
                 long n, long k, bool adding) {
    if (rows == 1) row_product(a, b, b_stride, c, n, k, adding);
    else run((struct product){a, a_stride, b, b_stride, width, c, c_stride, rows, n, k, adding, false});
}

void cpu_product_transposed(const float *a, long a_stride, const float *b, long b_stride, float *c, long c_stride,
                            long rows, long n, long k, bool adding) {
    run((struct product){a, a_stride, b, b_stride, width, c, c_stride, rows, n, k, adding, true});
}

void cpu_product_mirror(float *c, long stride, long first, long last) {
    // In squares, of which both sides stay in the cache.
    for (long rows = first; rows < last; rows += width) {
        for (long columns = 0; columns <= rows; columns += width) {
            for (long i = rows; i < smaller(last, rows + width); i++) {
                for (long j = columns; j < smaller(i, columns + width); j++) c[i * stride + j] = c[j * stride + i];
            }
        }
    }
}
