// What a processor gives at most, to hold the kernels against: multiply-adds whose operands never leave the registers, and
// reads.
#include "kernels.h"

enum {
    lanes = 16,
    // So many sums that a processor of two multiply-adds a cycle, each of which takes four or five, always has one to begin,
    // and that their registers suffice: with AVX-512 12 of one register each, elsewhere 5 of two (AVX2) or four (NEON).
    wide_chains = 12,
    narrow_chains = 5,
    read_chains = 4,
};

INLINE long multiply_adds(long rounds, float *result, const int chains) {
    // Different ones, or the compiler would compute one of them.
    vector sums[wide_chains];
    UNROLLED
    for (int i = 0; i < chains; i++) sums[i] = (vector){0} + (float)i;
    const vector factor = (vector){0} + 0.5f, addend = (vector){0} + result[0];
    ALIGNED
    for (long round = 0; round < rounds; round++) {
        UNROLLED
        for (int i = 0; i < chains; i++) sums[i] = sums[i] * factor + addend;
    }
    for (int i = 0; i < chains; i++) result[0] += sums[i][0];
    return rounds * chains * lanes;
}

KERNEL static long multiply_adds_narrow(long rounds, float *result) {
    return multiply_adds(rounds, result, narrow_chains);
}

KERNEL void cpu_limits_read(const float *x, long count, float *result) {
    vector sums[read_chains] = {0};
    const long step = read_chains * lanes;
    ALIGNED
    for (long i = 0; i + step <= count; i += step) {
        UNROLLED
        for (int c = 0; c < read_chains; c++) sums[c] += *(const vector *)(x + i + c * lanes);
    }
    for (int c = 0; c < read_chains; c++) result[0] += sums[c][0];
}

#ifdef WIDE
WIDE static long multiply_adds_wide(long rounds, float *result) {
    return multiply_adds(rounds, result, wide_chains);
}

long cpu_limits_multiply_adds(long rounds, float *result) {
    return cpu_product_is_wide() ? multiply_adds_wide(rounds, result) : multiply_adds_narrow(rounds, result);
}
#else
long cpu_limits_multiply_adds(long rounds, float *result) { return multiply_adds_narrow(rounds, result); }
#endif

const char *cpu_limits_instructions(void) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("x86-64-v4")) return "AVX-512";
    return __builtin_cpu_supports("x86-64-v3") ? "AVX2" : "SSE2";
#elif defined(__aarch64__)
    return "NEON";
#else
    return "plain C";
#endif
}
