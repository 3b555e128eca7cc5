// The product of one row, as in a text that is written alone. Nothing of the right factor is used twice, so what counts is how
// it is read; the sums are those of product.c, to the bit.
#include "kernels.h"

/// In the order in which b lies in memory, eight rows at a time to spare loads and stores of c.
KERNEL static void multiply_narrow(const float *a, const float *b, long b_stride, float *c, long n, long k, bool adding) {
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

#ifdef WIDE
enum { width = cpu_panel_width, most_vectors = 16 };

/// The columns of `count` registers, which stay there for all of k: so rows of b are read in long pieces, one after the other.
/// Those between are skipped, which the processor foresees too late.
/// The last register ends with the columns; what it shares with the one before it is the same in both.
INLINE void block(const float *a, const float *b, long b_stride, float *c, long columns, const int count, long k,
                  bool adding) {
    long last = columns - width;
    vector sums[most_vectors];
    UNROLLED
    for (int v = 0; v < count; v++) {
        sums[v] = adding ? *(const vector *)(c + (v < count - 1 ? v * width : last)) : (vector){0};
    }
    ALIGNED
    for (long i = 0; i < k; i++, b += b_stride) {
        UNROLLED
        for (int v = 0; v < count; v++) {
            const float *column = b + (v < count - 1 ? v * width : last);
            sums[v] += a[i] * *(const vector *)column;
            __builtin_prefetch(column + 2 * b_stride);
        }
    }
    UNROLLED
    for (int v = 0; v < count; v++) *(vector *)(c + (v < count - 1 ? v * width : last)) = sums[v];
}

/// For n ≥ 16.
WIDE static void multiply_wide(const float *a, const float *b, long b_stride, float *c, long n, long k, bool adding) {
    // Blocks of nearly equal width: 384 columns are two of 12 registers, not 16 and 8.
    long vectors = (n + width - 1) / width, blocks = (vectors + most_vectors - 1) / most_vectors;
    for (long i = 0; i < blocks; i++) {
        long from = vectors * i / blocks, to = vectors * (i + 1) / blocks;
        long first = from * width, columns = smaller(n, to * width) - first;
#define BLOCK(count)                                                                                                   \
    case count: block(a, b + first, b_stride, c + first, columns, count, k, adding); break;
        switch (to - from) {
            BLOCK(1) BLOCK(2) BLOCK(3) BLOCK(4) BLOCK(5) BLOCK(6) BLOCK(7) BLOCK(8)
            BLOCK(9) BLOCK(10) BLOCK(11) BLOCK(12) BLOCK(13) BLOCK(14) BLOCK(15) BLOCK(16)
        }
#undef BLOCK
    }
}

void cpu_row_product(const float *a, const float *b, long b_stride, float *c, long n, long k, bool adding) {
    if (n >= width && cpu_product_is_wide()) multiply_wide(a, b, b_stride, c, n, k, adding);
    else multiply_narrow(a, b, b_stride, c, n, k, adding);
}
#else
void cpu_row_product(const float *a, const float *b, long b_stride, float *c, long n, long k, bool adding) {
    multiply_narrow(a, b, b_stride, c, n, k, adding);
}
#endif
