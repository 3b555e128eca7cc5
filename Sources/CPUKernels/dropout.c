// Dropout with Philox4x32-10 (Salmon et al. 2011): the twin of dropout.cl.
#include "kernels.h"

enum {
    lanes = 16,  // counters drawn side by side, so that the rounds vectorise
    span = 4 * lanes,
};

/// drawn[4l + w] = word w of the generator at counter (block + l, layer, step low, step high).
INLINE void philox(uint32_t drawn[span], uint32_t block, uint32_t layer, uint64_t step, uint64_t seed) {
    uint32_t words[4][lanes];
    for (uint32_t l = 0; l < lanes; l++) {
        words[0][l] = block + l;
        words[1][l] = layer;
        words[2][l] = (uint32_t)step;
        words[3][l] = (uint32_t)(step >> 32);
    }
    uint32_t key0 = (uint32_t)seed, key1 = (uint32_t)(seed >> 32);
    for (int round = 0; round < 10; round++) {
        for (int l = 0; l < lanes; l++) {
            uint64_t product0 = (uint64_t)0xD2511F53u * words[0][l], product1 = (uint64_t)0xCD9E8D57u * words[2][l];
            words[0][l] = (uint32_t)(product1 >> 32) ^ words[1][l] ^ key0;
            words[1][l] = (uint32_t)product1;
            words[2][l] = (uint32_t)(product0 >> 32) ^ words[3][l] ^ key1;
            words[3][l] = (uint32_t)product0;
        }
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
    for (int l = 0; l < lanes; l++) {
        for (int w = 0; w < 4; w++) drawn[4 * l + w] = words[w][l];
    }
}

INLINE void drop(const float *x, float *result, const uint32_t *drawn, long count, uint32_t threshold, float scale) {
    INDEPENDENT
    for (long e = 0; e < count; e++) result[e] = drawn[e] >= threshold ? x[e] * scale : 0;
}

KERNEL void cpu_dropout_apply(const float *x, float *result, long first, long last, long shift, uint32_t threshold,
                              float scale, uint64_t seed, uint64_t step, uint32_t layer) {
    uint32_t drawn[span];
    for (long start = first / span * span; start < last; start += span) {
        philox(drawn, (uint32_t)(start / 4), layer, step, seed);
        // A whole span has a constant count, which vectorises.
        if (start >= first && start + span <= last) {
            drop(x + (start - shift), result + (start - shift), drawn, span, threshold, scale);
            continue;
        }
        long begin = start < first ? first : start, end = smaller(last, start + span);
        drop(x + (begin - shift), result + (begin - shift), drawn + (begin - start), end - begin, threshold, scale);
    }
}
