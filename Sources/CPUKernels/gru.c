// One step of the GRU's gates, in two halves between which a product stands: the twin of gru.cl.
// A row of gates is r, z, n, H of each.
#include "kernels.h"

KERNEL void cpu_gru_reset_forward(float *gates, const float *input_bias, const float *recurrent_bias,
                                  const float *previous_h, float *reset_h, long rows, long hidden) {
    for (long row = 0; row < rows; row++) {
        float *r = gates + row * 3 * hidden, *z = r + hidden;
        const float *h_before = previous_h + row * hidden;
        float *reset = reset_h + row * hidden;
        INDEPENDENT
        for (long j = 0; j < hidden; j++) {
            r[j] = sigmoid(r[j] + (input_bias[j] + recurrent_bias[j]));
            z[j] = sigmoid(z[j] + (input_bias[hidden + j] + recurrent_bias[hidden + j]));
            reset[j] = r[j] * h_before[j];
        }
    }
}

KERNEL void cpu_gru_output_forward(float *gates, const float *input_bias, const float *recurrent_bias,
                                   const float *previous_h, float *h, long rows, long hidden) {
    for (long row = 0; row < rows; row++) {
        float *z = gates + row * 3 * hidden + hidden, *n = z + hidden;
        const float *h_before = previous_h + row * hidden;
        float *output = h + row * hidden;
        INDEPENDENT
        for (long j = 0; j < hidden; j++) {
            n[j] = hyperbolic_tangent(n[j] + (input_bias[2 * hidden + j] + recurrent_bias[2 * hidden + j]));
            output[j] = z[j] * n[j] + (1 - z[j]) * h_before[j];
        }
    }
}

KERNEL void cpu_gru_output_backward(float *gates, const float *previous_h, const float *dh, float *previous_dh,
                                    long rows, long hidden) {
    for (long row = 0; row < rows; row++) {
        float *z = gates + row * 3 * hidden + hidden, *n = z + hidden;
        const float *h_before = previous_h + row * hidden, *d_output = dh + row * hidden;
        if (previous_dh) {
            float *d_before = previous_dh + row * hidden;
            INDEPENDENT
            for (long j = 0; j < hidden; j++) d_before[j] += (1 - z[j]) * d_output[j];
        }
        INDEPENDENT
        for (long j = 0; j < hidden; j++) {
            float d_z = d_output[j] * (n[j] - h_before[j]), d_n = d_output[j] * z[j];
            z[j] = d_z * z[j] * (1 - z[j]);
            n[j] = d_n * (1 - n[j] * n[j]);
        }
    }
}

KERNEL void cpu_gru_reset_backward(float *gates, const float *previous_h, const float *d_reset, float *previous_dh,
                                   long rows, long hidden) {
    for (long row = 0; row < rows; row++) {
        float *r = gates + row * 3 * hidden;
        const float *h_before = previous_h + row * hidden, *d_product = d_reset + row * hidden;
        if (previous_dh) {
            float *d_before = previous_dh + row * hidden;
            INDEPENDENT
            for (long j = 0; j < hidden; j++) d_before[j] += r[j] * d_product[j];
        }
        INDEPENDENT
        for (long j = 0; j < hidden; j++) r[j] = d_product[j] * h_before[j] * r[j] * (1 - r[j]);
    }
}
