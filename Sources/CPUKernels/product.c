// The products with weights: those of a recurrent step, which have few rows and the same right factor at every time step,
// and those of a whole batch.
//
// The right factor is copied into the order in which a tile reads it. A library does so anew at each call, which for 25 rows
// costs as much as the product; here it is packed once for a whole sequence (packing.c) where it has several products.
#include <limits.h>
#include <stdatomic.h>
#include <unistd.h>

#include "tile.h"

enum {
    // Rows that are a multiple of this apart share the few lines of a first-level cache.
    collision = 1024,
    // How much of a passes over the right factor at a time. Over panels, long sums, since each slice of k reads and writes
    // all of c; over a matrix as it lies in memory, as many rows as repay the copying of it.
    panels_rows = 96,
    matrix_depth = 256,
    most_of_left = panels_rows * 768,
    most_columns = 512,
    // How far ahead the rows of a right factor are fetched that is copied.
    rows_ahead = 16,
    // Packed factors of more elements than this are read from beyond the second-level cache. Where they are not, fetching them
    // ahead costs a tenth of a model's training.
    second_level = 1 << 18,
};

/// How a kind of processor multiplies.
struct tiling {
    /// A tile's most rows, and the panels that it has side by side.
    int rows, panels;
    /// The elements of a left factor that are copied at a time, and stay in the second-level cache.
    long left;
    /// A left factor is copied into the order of reading for more columns than this. For fewer, that takes longer than reading
    /// it where it lies, and it is copied as it is, where its rows collide.
    long few_columns;
    /// The columns of a right factor that are copied at a time.
    long columns;
    /// For more columns of a matrix than this, tiles side by side follow one another, so that c, which is larger than the
    /// caches, is written along its rows. For fewer, those one below the other: they find their panels in the first-level
    /// cache, and the processor does not run ahead to where another thread's columns begin. Along them b is copied once,
    /// and a's rows are read where they lie; its columns, each of which is a line of its own, are copied for a tile.
    long short_rows;
};

/// c (rows × n) = a (rows × k) · b, or += when `adding`. a(r, i) = a[r·a_row + i·a_column], one of which is 1. The rows of a
/// panel of b are b_stride apart, the panels panel_stride; what is left of the last one's width is there, and zero, when
/// `in_panels`. A matrix may have rows 16 apart as well, and end with its last column.
struct product {
    const float *a;
    long a_row, a_column;
    const float *b;
    long b_stride, panel_stride;
    float *c;
    long c_stride, rows, n, k;
    bool in_panels, adding;
};

// MARK: Products

/// copy (depth × rows) = a(r, i)
INLINE void copy_left(const float *a, long a_row, long a_column, long rows, long depth, float *copy) {
    if (a_row == 1) {
        for (long i = 0; i < depth; i++) {
            __builtin_prefetch(a + i * a_column + 2 * width);  // for the tiles after this one
            for (long r = 0; r < rows; r++) copy[i * rows + r] = a[i * a_column + r];
        }
    } else {
        for (long r = 0; r < rows; r++) {
            for (long i = 0; i < depth; i++) copy[i * rows + r] = a[r * a_row + i];
        }
    }
}

/// `rows` rows from `first` on, over `depth` of k from `start` on.
INLINE void block(const struct product *p, long first, long rows, long start, long depth, bool along_rows,
                  const struct tiling with) {
    bool adding = p->adding || start > 0;
    bool in_columns = along_rows ? p->a_row == 1 : p->n > with.few_columns;
    const float *a = p->a + first * p->a_row + start * p->a_column;
    long a_row = p->a_row, a_column = p->a_column;
    bool is_far = p->in_panels && p->n * p->k > second_level;
    // Tiles of nearly equal height: 25 rows are 8, 8 and 9, not 12, 12 and 1.
    long tiles = (rows + with.rows - 1) / with.rows;
    float left[most_of_left];
    if (!in_columns && !along_rows && a_row % collision == 0) {
        for (long r = 0; r < rows; r++) memcpy(left + r * depth, a + r * a_row, depth * sizeof(float));
        a = left;
        a_row = depth;
    }
    for (long group = 0; group < p->n; group += with.columns) {
        long end = smaller(p->n, group + with.columns);
        const float *b = p->b + group / width * p->panel_stride + start * p->b_stride;
        long b_stride = p->b_stride, panel_stride = p->panel_stride;
        float right[matrix_depth * most_columns];
        // Copied for some tiles, or where a panel is cut short by the end of the matrix.
        if (!p->in_panels && (tiles > 2 || end % width != 0)) {
            copy_panels(b, b_stride, end - group, depth, rows_ahead * b_stride, right);
            b = right;
            b_stride = width;
            panel_stride = width * depth;
        }
        // Steps over the columns: as many panels at a time as a tile has, then one at a time.
        long wide_steps = (end - group) / (with.panels * width), panels = (end - group + width - 1) / width;
        long steps = panels - wide_steps * (with.panels - 1);
        for (long i = 0; i < tiles * steps; i++) {
            long t = along_rows ? i / steps : i % tiles, step = along_rows ? i % steps : i / tiles;
            long row = rows * t / tiles, height = rows * (t + 1) / tiles - row;
            long panel = step + smaller(step, wide_steps) * (with.panels - 1), column = group + panel * width;
            const float *a_tile = a + row * a_row, *b_tile = b + panel * panel_stride;
            if (in_columns) {
                // Along rows a tile is done with when the next one begins.
                float *copy = left + (along_rows ? 0 : row * depth);
                if (group == 0 && step == 0) copy_left(a_tile, a_row, a_column, height, depth, copy);
                a_tile = copy;
            }
            float *c = p->c + (first + row) * p->c_stride + column;
            if (step < wide_steps) {
                // The panels after these come from far. The first two tiles have the time for a half of them each.
                bool fetches = is_far && t < 2 && step + 1 < wide_steps;
                long half = with.panels == 1 ? depth * width / 2 : panel_stride;
                const float *ahead = fetches ? b_tile + with.panels * panel_stride + t * half : NULL;
                tile_of(height, in_columns, a_tile, a_row, a_column, b_tile, b_stride, panel_stride, ahead, c, p->c_stride,
                        with.panels, depth, adding, with.rows);
            } else if (end - column >= width) {
                tile_of(height, in_columns, a_tile, a_row, a_column, b_tile, b_stride, 0, NULL, c, p->c_stride, 1, depth,
                        adding, with.rows);
            } else {
                edge_of(height, in_columns, a_tile, a_row, a_column, b_tile, b_stride, c, p->c_stride, end - column, depth,
                        adding, with.rows);
            }
        }
    }
}

INLINE void multiply(const struct product *p, const struct tiling with) {
    bool along_rows = !p->in_panels && p->n > with.short_rows;
    long most_depth = p->in_panels ? with.left / panels_rows : matrix_depth;
    long most_rows = p->in_panels ? panels_rows : with.left / matrix_depth;
    long blocks = along_rows ? 1 : (p->rows + most_rows - 1) / most_rows;
    long slices = (p->k + most_depth - 1) / most_depth;
    // Along rows some columns at a time: so the part of c to which slice after slice is added stays in the second-level cache.
    long columns = along_rows ? with.columns : p->n;
    for (long column = 0; column < p->n; column += columns) {
        struct product part = *p;
        part.n = smaller(columns, p->n - column);
        part.b += column;
        part.c += column;
        for (long s = 0; s < slices; s++) {
            long start = p->k * s / slices, depth = p->k * (s + 1) / slices - start;
            for (long i = 0; i < blocks; i++) {
                long first = p->rows * i / blocks;
                block(&part, first, p->rows * (i + 1) / blocks - first, start, depth, along_rows, with);
            }
        }
    }
}

static const struct tiling narrow = {6, 1, panels_rows * 512, 128, group_columns, LONG_MAX};

KERNEL static void multiply_narrow(const struct product *p) { multiply(p, narrow); }

#ifdef WIDE
/// The copy of so many columns takes a quarter of the second-level cache: 256 where it has a megabyte, 512 where it has two.
static long columns_in_cache(void) {
    // Asked for once, since on a virtual machine it takes long. Threads that ask at once find the same.
    static atomic_long known;
    long columns = atomic_load_explicit(&known, memory_order_relaxed);
    if (columns == 0) {
        columns = sysconf(_SC_LEVEL2_CACHE_SIZE) < 1 << 21 ? most_columns / 2 : most_columns;
        atomic_store_explicit(&known, columns, memory_order_relaxed);
    }
    return columns;
}

WIDE static void multiply_wide(const struct product *p) {
    multiply(p, (struct tiling){most_tile_rows, most_tile_panels, most_of_left, LONG_MAX, columns_in_cache(), 256});
}

bool cpu_product_is_wide(void) { return __builtin_cpu_supports("x86-64-v4"); }

static void run(struct product p) {
    if (cpu_product_is_wide()) multiply_wide(&p);
    else multiply_narrow(&p);
}
#else
bool cpu_product_is_wide(void) { return false; }

static void run(struct product p) { multiply_narrow(&p); }
#endif

/// One row, as in a text that is read alone: some panels side by side, since the sums of one panel wait for one another.
/// The additions are those of a tile, and of cpu_row_product, in the same order.
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
    run((struct product){a, k, 1, packed + column * k, width, width * k, c + column, n, 1, n - column, k, true, adding});
}

void cpu_product_packed(const float *a, long a_stride, const float *packed, float *c, long c_stride, long rows, long n,
                        long k, bool adding) {
    if (rows == 1) packed_row(a, packed, c, n, k, adding);
    else run((struct product){a, a_stride, 1, packed, width, width * k, c, c_stride, rows, n, k, true, adding});
}

void cpu_product_packed_transposed(const float *a, long a_stride, const float *packed, float *c, long c_stride, long rows,
                                   long n, long k) {
    run((struct product){a, 1, a_stride, packed, width, width * k, c, c_stride, rows, n, k, true, false});
}

void cpu_product(const float *a, long a_stride, const float *b, long b_stride, float *c, long c_stride, long rows,
                 long n, long k, bool adding) {
    if (rows == 1) cpu_row_product(a, b, b_stride, c, n, k, adding);
    else run((struct product){a, a_stride, 1, b, b_stride, width, c, c_stride, rows, n, k, false, adding});
}

void cpu_product_transposed(const float *a, long a_stride, const float *b, long b_stride, float *c, long c_stride,
                            long rows, long n, long k, bool adding) {
    run((struct product){a, 1, a_stride, b, b_stride, width, c, c_stride, rows, n, k, false, adding});
}
