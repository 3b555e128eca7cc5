// Products with weights of 8 bits, for a model that is read and not trained.
//
// A column of weights is s·w with whole numbers −127 ≤ w ≤ 127, s being the column's largest magnitude over 127. A row of
// the left factor becomes t·(x − 64) with 1 ≤ x ≤ 127, t being its largest magnitude over 63. So the product is
// s·t·(Σ x·w − 64·Σ w), whose sums are of whole numbers: exact, in any order and with any instructions.
//
// That x has 7 bits and no sign is what all processors multiply exactly. AVX2 adds pairs of products in 16 bits, 2·127·127
// at most, which fits; VNNI wants x without a sign and aarch64 both with one, and 0 to 127 is either. On a trained LSTM
// the bit costs 0.0001 nats a character.
//
// A panel has 16 columns: their factors s; where their sums start, −64·Σ w; then for each four rows of the matrix 16 × 4
// weights, 4 of each column, a line of the cache. What is missing of the last four rows and the last columns is zero.
#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <arm_neon.h>
#include <sys/auxv.h>
#endif

enum {
    width = cpu_panel_width,
    scales_place = 0,
    starts_place = width,
    weights_place = 2 * width,
    most_weight = 127,
    most_deviation = 63,
    middle = 64,
    // The sums of a single row, which passes over one panel after the other, as they lie in memory.
    row_chains = 4,
    // The rows that pass over a panel while it is in the first-level cache, and what they may take there.
    block_rows = 32,
    block_bytes = 1 << 15,
    most_rows = 8,
};

/// The elements of a panel.
INLINE long panel_count(long quads) { return weights_place + quads * width; }
INLINE long quads_of(long k) { return (k + 3) / 4; }
/// The largest of the magnitudes of numbers `stride` apart; infinity is above all numbers, and NaN above infinity.
INLINE float largest_magnitude(const float *x, long stride, long count) {
    uint32_t largest = 0;
    for (long i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, x + i * stride, sizeof bits);
        bits &= 0x7fffffff;
        largest = bits > largest ? bits : largest;
    }
    float result;
    memcpy(&result, &largest, sizeof result);
    return result;
}

// MARK: Weights

long cpu_quantized_count(long k, long n) { return (n + width - 1) / width * panel_count(quads_of(k)); }

float cpu_quantized_scale(float largest) {
    // What is so small that its 127th part has fewer bits becomes zero.
    if (largest < 1e-30f) return 0;
    float scale = largest / most_weight;
    // Rounded up to 17 bits: scale·w then has no more than a float's 24, and quantising what it is gives the same again.
    uint32_t bits;
    memcpy(&bits, &scale, sizeof bits);
    if (bits >= 0x7f800000) return __builtin_nanf("");
    bits = (bits + 0x7f) & ~(uint32_t)0x7f;
    memcpy(&scale, &bits, sizeof bits);
    return scale;
}

int8_t cpu_quantized_weight(float x, float scale) {
    if (!(scale > 0)) return 0;
    return (int8_t)__builtin_rintf(x / scale);
}

void cpu_quantize(const float *b, long stride, long k, long n, int32_t *panels) {
    const long quads = quads_of(k), count = panel_count(quads);
    for (long j = 0; j < n; j++) {
        int32_t *panel = panels + j / width * count;
        if (j % width == 0) memset(panel, 0, (size_t)count * sizeof *panel);
        const float scale = cpu_quantized_scale(largest_magnitude(b + j, stride, k));
        int8_t *weights = (int8_t *)(panel + weights_place) + j % width * 4;
        int32_t sum = 0;
        for (long i = 0; i < k; i++) {
            int8_t weight = cpu_quantized_weight(b[i * stride + j], scale);
            weights[i / 4 * 4 * width + i % 4] = weight;
            sum += weight;
        }
        memcpy(panel + scales_place + j % width, &scale, sizeof scale);
        panel[starts_place + j % width] = -middle * sum;
    }
}

// MARK: The left factor

/// x of each row, `quads` times four of them, what is beyond k being zero; and t of each row. A row with a number that is not
/// finite has NaN for t.
KERNEL static void quantize_rows(const float *a, long a_stride, long rows, long k, uint8_t *x, long quads,
                                 float *scales) {
    for (long r = 0; r < rows; r++, a += a_stride, x += 4 * quads) {
        const float largest = largest_magnitude(a, 1, k);
        const bool is_finite = largest < __builtin_inff(), is_zero = largest < 1e-30f;
        scales[r] = is_finite ? is_zero ? 0 : largest / most_deviation : __builtin_nanf("");
        if (!is_finite || is_zero) {
            memset(x, middle, (size_t)(4 * quads));
            continue;
        }
        const float factor = most_deviation / largest;
        INDEPENDENT
        for (long i = 0; i < k; i++) x[i] = (uint8_t)(int32_t)(a[i] * factor + (middle + 0.5f));
        for (long i = k; i < 4 * quads; i++) x[i] = 0;
    }
}

// MARK: Tiles

#define TILE tile_plain
#define TARGET
#define BYTES 16
#define MOST_ROWS 4
#define DOT(s, x, w) dot_plain(s, x, w)
typedef int32_t four_sums __attribute__((vector_size(16), aligned(4)));
INLINE four_sums dot_plain(four_sums s, four_sums x, four_sums w) {
    int8_t xs[16], ws[16];
    memcpy(xs, &x, sizeof xs);
    memcpy(ws, &w, sizeof ws);
    for (int i = 0; i < 16; i++) s[i / 4] += (int32_t)xs[i] * ws[i];
    return s;
}
#include "quantized_tile.h"

#if defined(__x86_64__)
#define TILE tile_avx2
#define TARGET __attribute__((target("avx2")))
#define BYTES 32
#define MOST_ROWS 4
#define DOT(s, x, w)                                                                                                    \
    ((s) + (tile_avx2_vector)_mm256_madd_epi16(                                                                         \
               _mm256_maddubs_epi16((__m256i)(x), (__m256i)(w)), _mm256_set1_epi16(1)))
#include "quantized_tile.h"

#define TILE tile_vnni
#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni"), min_vector_width(512)))
#define BYTES 64
#define MOST_ROWS most_rows
#define DOT(s, x, w) ((tile_vnni_vector)_mm512_dpbusd_epi32((__m512i)(s), (__m512i)(x), (__m512i)(w)))
#include "quantized_tile.h"
#elif defined(__aarch64__) && defined(__linux__)
#define TILE tile_dotprod
#define TARGET __attribute__((target("dotprod")))
#define BYTES 16
#define MOST_ROWS 4
#define DOT(s, x, w) ((tile_dotprod_vector)vdotq_s32((int32x4_t)(s), (int8x16_t)(x), (int8x16_t)(w)))
#include "quantized_tile.h"
#endif

/// A tile of the instruction set, and its most rows.
struct tiles {
    void (*sums)(const uint8_t *a, long a_stride, const int32_t *panel, long quads, int32_t *sums, long rows);
    long most_rows;
};

INLINE struct tiles best_tiles(void) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("x86-64-v4")) {
        return (struct tiles){tile_vnni, most_rows};
    }
    if (__builtin_cpu_supports("avx2")) return (struct tiles){tile_avx2, 4};
#elif defined(__aarch64__) && defined(__linux__)
    if (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) return (struct tiles){tile_dotprod, 4};
#endif
    return (struct tiles){tile_plain, 4};
}

// MARK: Products

/// c (+)= s·t·sums for some columns of one panel.
KERNEL static void scale_sums(const int32_t *sums, const int32_t *panel, const float *row_scales, float *c, long c_stride,
                              long rows, long columns, bool adding) {
    float scales[width];
    memcpy(scales, panel + scales_place, sizeof scales);
    for (long r = 0; r < rows; r++, sums += width, c += c_stride) {
        const float t = row_scales[r];
        if (adding) {
            INDEPENDENT
            for (long j = 0; j < columns; j++) c[j] += (float)sums[j] * (scales[j] * t);
        } else {
            INDEPENDENT
            for (long j = 0; j < columns; j++) c[j] = (float)sums[j] * (scales[j] * t);
        }
    }
}

static void block(struct tiles tiles, const uint8_t *x, const float *row_scales, const int32_t *panels, float *c,
                  long c_stride, long rows, long n, long quads, bool adding) {
    int32_t sums[most_rows * width];
    const long count = panel_count(quads);
    for (long column = 0; column < n; column += width) {
        const int32_t *panel = panels + column / width * count;
        for (long row = 0; row < rows; row += tiles.most_rows) {
            const long height = smaller(rows - row, tiles.most_rows);
            tiles.sums(x + row * 4 * quads, 4 * quads, panel, quads, sums, height);
            scale_sums(sums, panel, row_scales + row, c + row * c_stride + column, c_stride, height,
                       smaller(n - column, width), adding);
        }
    }
}

void cpu_product_quantized(const float *a, long a_stride, const int32_t *panels, float *c, long c_stride, long rows,
                           long n, long k, bool adding) {
    const struct tiles tiles = best_tiles();
    const long quads = quads_of(k);
    long most = smaller(block_rows, block_bytes / (4 * quads));
    if (most < 1) most = 1;
    uint8_t x[most * 4 * quads];
    float scales[block_rows];
    for (long row = 0; row < rows; row += most) {
        const long count = smaller(rows - row, most);
        quantize_rows(a + row * a_stride, a_stride, count, k, x, quads, scales);
        block(tiles, x, scales, panels, c + row * c_stride, c_stride, count, n, quads, adding);
    }
}
