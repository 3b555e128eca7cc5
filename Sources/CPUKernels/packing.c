// The right factors of products in panels of 16 columns, k × 16 each, which a tile of product.c reads from front to back.
#include "kernels.h"

typedef float vector __attribute__((vector_size(64), aligned(4)));

enum { width = cpu_panel_width };

INLINE long smaller(long a, long b) { return a < b ? a : b; }

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
