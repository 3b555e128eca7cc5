// Right factors in panels, for several products.
#include "panels.h"

long cpu_packed_count(long k, long n) { return (n + width - 1) / width * width * k; }

KERNEL void cpu_pack(const float *b, long stride, long k, long n, float *packed) {
    for (long group = 0; group < n; group += group_columns) {
        copy_panels(b + group, stride, smaller(n - group, group_columns), k, group_columns, packed + group * k);
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
