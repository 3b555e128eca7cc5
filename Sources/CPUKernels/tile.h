// A tile of a product: a few rows and columns of the result, which stay in registers while the inner loop runs over k.
//
// With AVX-512 it has up to 12 rows × 32 columns of 24 registers, 2 loads and 12 broadcasts for 24 multiply-adds, of which a
// processor may begin as many in a cycle as loads; elsewhere 6 rows × 16 columns of 12 registers of 8 floats, 2 loads and 6
// broadcasts for 12. Whatever the tiles, an element of c is one sum over k in its order: its bits depend on none of this.
#pragma once

#include "panels.h"

enum {
    most_tile_rows = 12,
    most_tile_panels = 2,
    // The rows of a that are read from one address. An instruction finds a second and a third by an index; the addresses of
    // more would be additions at each step, and these take the ports of multiply-adds on Intel's processors: a quarter of the
    // time, with some choices of the compiler's.
    indexed_rows = 3,
};

/// One row of the panels times a column of a, and on to the next one. a[g] is where rows from g · `indexed` on begin.
INLINE void add(vector *sums, const float **a, long a_row, long a_column, const int indexed, const float *b,
                long panel_stride, const int rows, const int panels) {
    UNROLLED
    for (int r = 0; r < rows; r++) {
        const float factor = a[r / indexed][r % indexed * a_row];
        UNROLLED
        for (int p = 0; p < panels; p++) sums[r * panels + p] += factor * *(const vector *)(b + p * panel_stride);
    }
    UNROLLED
    for (int g = 0; g * indexed < rows; g++) {
        a[g] += a_column;
        // Hidden from the compiler, which knows how far apart they are and would add that up.
        if (indexed < rows) __asm__("" : "+r"(a[g]));
    }
}

/// `rows`, `panels` and `indexed` are constants at every call, so that the sums live in registers. `ahead` is memory of which
/// half as much is fetched in the meantime as the tile reads of its panels, or NULL.
INLINE void tile(const float *a, long a_row, long a_column, const int indexed, const float *b, long b_stride,
                 long panel_stride, const float *ahead, float *c, long c_stride, const int rows, const int panels, long k,
                 bool adding) {
    const float *left[most_tile_rows];
    UNROLLED
    for (int g = 0; g * indexed < rows; g++) left[g] = a + g * indexed * a_row;
    vector sums[most_tile_rows * most_tile_panels];
    UNROLLED
    for (int r = 0; r < rows; r++) {
        // The next panel's part of c: a sequence is longer than the caches, and its rows lie too far apart for the
        // processor to foresee. The end of it, since where rows do not begin with a line it begins in this one's. Two panels
        // side by side take long enough without.
        if (panels == 1) __builtin_prefetch(c + r * c_stride + 2 * width - 1, 1);
        UNROLLED
        for (int p = 0; p < panels; p++) {
            sums[r * panels + p] = adding ? *(const vector *)(c + r * c_stride + p * width) : (vector){0};
        }
    }
    if (ahead) {
        ALIGNED
        for (long i = 0; i < k; i++) {
            __builtin_prefetch(ahead + i * panels * width / 2);
            add(sums, left, a_row, a_column, indexed, b + i * b_stride, panel_stride, rows, panels);
        }
    } else if (panels == 1) {
        UNROLLED_BY_FOUR
        ALIGNED
        for (long i = 0; i < k; i++) add(sums, left, a_row, a_column, indexed, b + i * b_stride, 0, rows, 1);
    } else {
        // Four times this is more than a cache of decoded instructions feeds at full rate.
        ALIGNED
        for (long i = 0; i < k; i++) {
            add(sums, left, a_row, a_column, indexed, b + i * b_stride, panel_stride, rows, panels);
        }
    }
    UNROLLED
    for (int r = 0; r < rows; r++) {
        UNROLLED
        for (int p = 0; p < panels; p++) *(vector *)(c + r * c_stride + p * width) = sums[r * panels + p];
    }
}

/// `copied`: a has columns of `rows`, one after the other.
INLINE void tile_of(long rows, bool copied, const float *a, long a_row, long a_column, const float *b, long b_stride,
                    long panel_stride, const float *ahead, float *c, long c_stride, const int panels, long k, bool adding,
                    const int most_rows) {
#define TILE(count)                                                                                              \
    case count:                                                                                                  \
        if (count > most_rows) break;                                                                            \
        if (copied) {                                                                                            \
            tile(a, 1, count, count, b, b_stride, panel_stride, ahead, c, c_stride, count, panels, k, adding);   \
        } else {                                                                                                 \
            tile(a, a_row, a_column, indexed_rows, b, b_stride, panel_stride, ahead, c, c_stride, count, panels, \
                 k, adding);                                                                                     \
        }                                                                                                        \
        break;
    switch (rows) {
        TILE(1) TILE(2) TILE(3) TILE(4) TILE(5) TILE(6)
        TILE(7) TILE(8) TILE(9) TILE(10) TILE(11) TILE(12)
    }
#undef TILE
}

/// A tile of fewer columns than a panel has, in room for all of them.
INLINE void edge_of(long rows, bool copied, const float *a, long a_row, long a_column, const float *b, long b_stride,
                    float *c, long c_stride, long columns, long k, bool adding, const int most_rows) {
    float whole[most_tile_rows * width] = {0};
    for (long r = 0; adding && r < rows; r++) {
        for (long j = 0; j < columns; j++) whole[r * width + j] = c[r * c_stride + j];
    }
    tile_of(rows, copied, a, a_row, a_column, b, b_stride, 0, NULL, whole, width, 1, k, adding, most_rows);
    for (long r = 0; r < rows; r++) {
        for (long j = 0; j < columns; j++) c[r * c_stride + j] = whole[r * width + j];
    }
}
