// What the kernel files share: compilation for several instruction sets, and the functions of the gates.
#pragma once

#include <stdint.h>
#include <string.h>

#include "CPUKernels.h"

// The compiler vectorises each kernel for the oldest x86-64, for one with AVX2 and FMA and for one with AVX-512; the
// loader picks the one that the processor runs. Not under the thread sanitizer: the loader would ask before the
// sanitizer has started.
#if defined(__x86_64__) && defined(__linux__) && !__has_feature(thread_sanitizer)
#define KERNEL __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define KERNEL
#endif
// What AVX-512 has a path of its own for. Not under the thread sanitizer, where all else is compiled for the oldest processor:
// a sum must have the same bits in both.
#if defined(__x86_64__) && !__has_feature(thread_sanitizer)
#define WIDE __attribute__((target("arch=x86-64-v4"), min_vector_width(512)))
#endif
// The elements that the loop below it reads and writes do not depend on one another, whatever the compiler can prove.
#define INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
// A loop of a constant count over values that live in registers.
#define UNROLLED _Pragma("clang loop unroll(full)")
#define UNROLLED_BY_FOUR _Pragma("clang loop unroll_count(4)")
// The loop below it begins at a line of the processor's cache of decoded instructions, wherever the linker puts the
// function: on a Zen 3 a tile's loop across two such lines takes a seventh longer.
#if __has_c_attribute(clang::code_align)
#define ALIGNED [[clang::code_align(64)]]
#else
#define ALIGNED
#endif
#define INLINE static inline __attribute__((always_inline))

/// 16 floats, wherever they lie: one register with AVX-512, two with AVX2.
typedef float vector __attribute__((vector_size(64), aligned(4)));

/// c (n) = a (k) · b (k × n, its rows b_stride apart), or += when `adding`. In row_product.c.
void cpu_row_product(const float *a, const float *b, long b_stride, float *c, long n, long k, bool adding);

INLINE long smaller(long a, long b) { return a < b ? a : b; }

/// eˣ to 2 units in the last place, branch-free so that loops over it vectorise. The argument is held to ±87.
INLINE float exponential(float x) {
    x = x < -87.0f ? -87.0f : x;
    x = x > 87.0f ? 87.0f : x;
    // x = n·ln 2 + r. Adding 1.5·2²³ rounds to a whole number in every instruction set.
    const float rounder = 12582912.0f;
    float rounded = x * 1.44269504f + rounder;
    float n = rounded - rounder;
    float r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
    // The polynomial of Cephes' expf on |r| ≤ ln 2 / 2, in pairs: one term after the other the processor would wait.
    float s = r * r;
    float p = (1.9875691500e-4f * r + 1.3981999507e-3f) * s + (8.3334519073e-3f * r + 4.1665795894e-2f);
    p = p * s + (1.6666665459e-1f * r + 5.0000001201e-1f);
    p = p * s + (r + 1.0f);
    // 2ⁿ. The lowest bits of `rounded` are n as an integer; of those above none is left after the shift. A conversion
    // would not be defined for NaN, which must come out as it went in.
    uint32_t bits;
    memcpy(&bits, &rounded, sizeof bits);
    bits = (bits + 127) << 23;
    float power;
    memcpy(&power, &bits, sizeof power);
    return p * power;
}

INLINE float sigmoid(float x) { return 1.0f / (1.0f + exponential(-x)); }

/// tanh x with an absolute error below 2e-7, which is what an activation needs.
INLINE float hyperbolic_tangent(float x) { return 2.0f / (1.0f + exponential(-2.0f * x)) - 1.0f; }
