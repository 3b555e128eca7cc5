// The softmax with its cross-entropy and gradient: the twin of softmax.cl. A target below 0 is none.
#include <math.h>

#include "kernels.h"

/// x += bias; the largest of it, by comparisons that NaN does not pass. In lanes by hand, since such a loop is not vectorised.
INLINE float add_and_find_largest(float *x, const float *bias, long count) {
    enum { lanes = sizeof(vector) / sizeof(float) };
    vector largest = (vector){0} - INFINITY;
    long j = 0;
    for (; j + lanes <= count; j += lanes) {
        vector sum = *(const vector *)(x + j) + *(const vector *)(bias + j);
        *(vector *)(x + j) = sum;
        largest = __builtin_elementwise_max(largest, sum);
    }
    float maximum = -INFINITY;
    for (int lane = 0; lane < lanes; lane++) maximum = largest[lane] > maximum ? largest[lane] : maximum;
    for (; j < count; j++) {
        x[j] += bias[j];
        maximum = x[j] > maximum ? x[j] : maximum;
    }
    return maximum;
}

KERNEL void cpu_softmax_cross_entropy(float *logits, const float *bias, const int32_t *targets, float scale,
                                      bool with_gradient, float *losses, long rows, long columns) {
#pragma clang fp reassociate(on)
    for (long i = 0; i < rows; i++) {
        float *row = logits + i * columns;
        if (targets[i] < 0) {
            for (long j = 0; j < columns; j++) row[j] = 0;
            losses[i] = 0;
            continue;
        }
        float maximum = add_and_find_largest(row, bias, columns);
        float target = row[targets[i]] - maximum;
        float sum = 0;
        for (long j = 0; j < columns; j++) {
            row[j] = exponential(row[j] - maximum);
            sum += row[j];
        }
        losses[i] = logf(sum) - target;
        if (!with_gradient) continue;
        float factor = scale / sum;
        for (long j = 0; j < columns; j++) row[j] *= factor;
        row[targets[i]] -= scale;
    }
}
