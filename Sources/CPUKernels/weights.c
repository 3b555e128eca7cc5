// The weights by which a token is drawn, on the host: in double precision, so that a sum over a large vocabulary keeps small
// ones.
#include <float.h>

#include "kernels.h"

/// eˣ for −708 ≤ x ≤ 0 to a unit in the last place, branch-free so that loops over it vectorise.
INLINE double exponential_in_double(double x) {
    // x = n·ln 2 + r, as in `exponential`; ln 2 in two parts, of which the first times n is exact.
    const double rounder = 0x1.8p52;
    double rounded = x * 1.4426950408889634 + rounder;
    double n = rounded - rounder;
    double r = (x - n * 0x1.62e42feep-1) - n * 0x1.a39ef35793c76p-33;
    // Taylor's series from its end: 1 + r/1·(1 + r/2·(1 + …)). On |r| ≤ ln 2 / 2 what follows r¹³ is less than 1e-17.
    double p = 1;
    UNROLLED
    for (int k = 13; k > 0; k--) p = p * (r * (1.0 / k)) + 1;
    uint64_t bits;
    memcpy(&bits, &rounded, sizeof bits);
    bits = (bits + 1023) << 52;
    double power;
    memcpy(&power, &bits, sizeof power);
    return p * power;
}

KERNEL double cpu_weigh(const float *logits, float maximum, double *weights, long count) {
#pragma clang fp reassociate(on)
    double sum = 0;
    for (long i = 0; i < count; i++) {
        double x = (double)logits[i] - maximum;
        // Comparisons that NaN does not pass.
        bool is_left = logits[i] >= -FLT_MAX && logits[i] <= FLT_MAX && x >= -708;
        double weight = exponential_in_double(x);
        weights[i] = is_left ? weight : 0;
        sum += weights[i];
    }
    return sum;
}
