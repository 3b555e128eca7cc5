// Muon's orthogonal directions: the twin of muon.cl and of the products that the OpenCL device makes.
//
// One thread computes a block from beginning to end: products of a few hundred rows are over before threads have found
// together. The Gram matrix and its square are symmetric, so only what lies right of the diagonal is computed.
#include "kernels.h"

enum {
    // Rows of a symmetric product that begin at the same column; a multiple of the width of panels.
    block_rows = 2 * cpu_panel_width,
};

/// c(i, j) = c(j, i) below the diagonal of an n × n matrix.
static void mirror(float *c, long n) {
    // In squares, of which both sides stay in the cache.
    enum { side = cpu_panel_width };
    for (long rows = 0; rows < n; rows += side) {
        for (long columns = 0; columns <= rows; columns += side) {
            for (long i = rows; i < smaller(n, rows + side); i++) {
                for (long j = columns; j < smaller(i, columns + side); j++) c[i * n + j] = c[j * n + i];
            }
        }
    }
}

/// A block as it is worked on: long × small, the smaller side being that of the Gram matrix.
struct sides {
    bool is_turned;
    long longer, smaller;
};

INLINE struct sides sides_of(long rows, long columns) {
    bool is_turned = columns > rows;
    return (struct sides){is_turned, is_turned ? columns : rows, is_turned ? rows : columns};
}

long cpu_muon_room(long rows, long columns) {
    struct sides s = sides_of(rows, columns);
    return 2 * s.longer * s.smaller + 2 * s.smaller * s.smaller + cpu_packed_count(s.longer, s.smaller);
}

/// x (rows × columns; turned, its transpose) = block / (‖block‖ + 1e-7).
KERNEL static void load(const float *block, long stride, long rows, long columns, bool is_turned, float *x) {
    double total = 0;
    for (long i = 0; i < rows; i++) {
#pragma clang fp reassociate(on)
        float squares = 0;
        for (long j = 0; j < columns; j++) squares += block[i * stride + j] * block[i * stride + j];
        total += squares;
    }
    float scale = (float)(1 / (__builtin_sqrt(total) + 1e-7));
    for (long i = 0; i < rows; i++) {
        if (is_turned) {
            for (long j = 0; j < columns; j++) x[j * rows + i] = scale * block[i * stride + j];
        } else {
            INDEPENDENT
            for (long j = 0; j < columns; j++) x[i * columns + j] = scale * block[i * stride + j];
        }
    }
}

static void store(const float *x, float *block, long stride, long rows, long columns, bool is_turned) {
    for (long i = 0; i < rows; i++) {
        if (is_turned) {
            for (long j = 0; j < columns; j++) block[i * stride + j] = x[j * rows + i];
        } else {
            memcpy(block + i * stride, x + i * columns, (size_t)columns * sizeof(float));
        }
    }
}

/// c (n × n) = aᵀ·a for the k × n matrix a, of which `packed` has the panels; left of the diagonal anything.
static void upper_product(const float *a, const float *packed, float *c, long n, long k) {
    for (long first = 0; first < n; first += block_rows) {
        long rows = smaller(n - first, block_rows);
        cpu_product_packed_transposed(a + first, n, packed + first * k, c + first * (n + 1), n, rows, n - first, k);
    }
}

/// ‖square‖^¼, of which nothing left of the diagonal is read.
KERNEL static float fourth_root_of_norm(const float *square, long n) {
    double total = 0;
    for (long i = 0; i < n; i++) {
#pragma clang fp reassociate(on)
        float squares = 0;
        for (long j = i + 1; j < n; j++) squares += square[i * n + j] * square[i * n + j];
        total += 2 * (double)squares + (double)square[i * (n + 1)] * square[i * (n + 1)];
    }
    return (float)__builtin_sqrt(__builtin_sqrt(__builtin_sqrt(total)));
}

/// square = a/s·I + b/s³·gram + c/s⁵·square, right of the diagonal and on it.
KERNEL static void upper_polynomial(const float *gram, float *square, long n, const float *coefficients, float s) {
    float a = coefficients[0] / s, b = coefficients[1] / (s * s * s), c = coefficients[2] / (s * s * s * s * s);
    for (long i = 0; i < n; i++) {
        INDEPENDENT
        for (long j = i; j < n; j++) square[i * n + j] = b * gram[i * n + j] + c * square[i * n + j];
        square[i * n + i] += a;
    }
}

void cpu_muon_orthogonalize(float *block, long stride, long rows, long columns, const float *coefficients, long steps,
                            float *room) {
    struct sides s = sides_of(rows, columns);
    long n = s.smaller, k = s.longer;
    float *x = room, *next = x + k * n, *gram = next + k * n, *polynomial = gram + n * n, *packed = polynomial + n * n;
    load(block, stride, rows, columns, s.is_turned, x);
    for (long step = 0; step < steps; step++) {
        cpu_pack(x, n, k, n, packed);
        upper_product(x, packed, gram, n, k);
        mirror(gram, n);
        cpu_pack(gram, n, n, n, packed);
        upper_product(gram, packed, polynomial, n, n);
        // It is at least n^-⅜, but for a block of zeros.
        float bound = step > 0 ? 1 : __builtin_fmaxf(fourth_root_of_norm(polynomial, n), 1e-4f);
        upper_polynomial(gram, polynomial, n, coefficients + 3 * step, bound);
        mirror(polynomial, n);
        cpu_pack(polynomial, n, n, n, packed);
        cpu_product_packed(x, n, packed, next, n, k, n, n, false);
        float *last = x;
        x = next;
        next = last;
    }
    store(x, block, stride, rows, columns, s.is_turned);
}
