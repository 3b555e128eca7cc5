// One step of the plain layer: the twin of rnn.cl.
#include "kernels.h"

KERNEL void cpu_rnn_forward(float *gates, const float *input_bias, const float *recurrent_bias, float *h, long rows,
                            long hidden) {
    for (long r = 0; r < rows; r++) {
        float *a = gates + r * hidden, *output = h + r * hidden;
        INDEPENDENT
        for (long j = 0; j < hidden; j++) {
            a[j] = hyperbolic_tangent(a[j] + (input_bias[j] + recurrent_bias[j]));
            output[j] = a[j];
        }
    }
}

KERNEL void cpu_rnn_backward(float *gates, const float *dh, long rows, long hidden) {
    INDEPENDENT
    for (long i = 0; i < rows * hidden; i++) gates[i] = dh[i] * (1 - gates[i] * gates[i]);
}
