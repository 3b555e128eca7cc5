// One step of the GRU's gates, in two halves between which a product stands: the twin of gru.cl.
// A row of gates is r, z, n, H of each.
#include "kernels.h"

KERNEL void cpu_gru_reset_forward(float *gates, const float *input_bias, const float *recurrent_bias,
                                  const float *previous_h, float *reset_h, long rows, long hidden) {
    for (long row = 0; row < rows; row++) {
        float *restrict r = gates + row * 3 * hidden, *restrict z = r + hidden;
        const float *restrict h_before = previous_h + row * hidden;
        const float *restrict wb = input_bias, *restrict ub = recurrent_bias;
        float *restrict reset = reset_h + row * hidden;
        for (long j = 0; j < hidden; j++) {
            r[j] = sigmoid(r[j] + (wb[j] + ub[j]));
            z[j] = sigmoid(z[j] + (wb[hidden + j] + ub[hidden + j]));
            reset[j] = r[j] * h_before[j];
        }
    }
}

KERNEL void cpu_gru_output_forward(float *gates, const float *input_bias, const float *recurrent_bias,
                                   const float *previous_h, float *h, long rows, long hidden) {
    for (long row = 0; row < rows; row++) {
        float *restrict z = gates + row * 3 * hidden + hidden, *restrict n = z + hidden;
        const float *restrict h_before = previous_h + row * hidden;
        const float *restrict wb = input_bias + 2 * hidden, *restrict ub = recurrent_bias + 2 * hidden;
        float *restrict output = h + row * hidden;
        for (long j = 0; j < hidden; j++) {
            n[j] = hyperbolic_tangent(n[j] + (wb[j] + ub[j]));
            output[j] = z[j] * n[j] + (1 - z[j]) * h_before[j];
        }
    }
}

KERNEL void cpu_gru_output_backward(float *gates, const float *previous_h, const float *dh, float *previous_dh,
                                    long rows, long hidden) {
    for (long row = 0; row < rows; row++) {
        float *restrict z = gates + row * 3 * hidden + hidden, *restrict n = z + hidden;
        const float *restrict h_before = previous_h + row * hidden, *restrict d_output = dh + row * hidden;
        if (previous_dh) {
            float *restrict d_before = previous_dh + row * hidden;
            for (long j = 0; j < hidden; j++) d_before[j] += (1 - z[j]) * d_output[j];
        }
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
        float *restrict r = gates + row * 3 * hidden;
        const float *restrict h_before = previous_h + row * hidden, *restrict d_product = d_reset + row * hidden;
        if (previous_dh) {
            float *restrict d_before = previous_dh + row * hidden;
            for (long j = 0; j < hidden; j++) d_before[j] += r[j] * d_product[j];
        }
        for (long j = 0; j < hidden; j++) r[j] = d_product[j] * h_before[j] * r[j] * (1 - r[j]);
    }
}
