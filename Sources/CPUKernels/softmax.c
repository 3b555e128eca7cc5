// The softmax with its cross-entropy and gradient: the twin of softmax.cl. A target below 0 is none.
#include <math.h>

#include "kernels.h"

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
        float maximum = -INFINITY;
        for (long j = 0; j < columns; j++) {
            row[j] += bias[j];
            maximum = row[j] > maximum ? row[j] : maximum;
        }
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
