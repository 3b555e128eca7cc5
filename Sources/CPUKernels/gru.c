// One step of the GRU's gates, in two halves between which a product stands; twin of gru.cl.
// A row of gates is r, z, n, H of each.
#include "kernels.h"

KERNEL void cpu_gru_reset_forward(CPU_FORWARD_OPERANDS) {
    for (long row = 0; row < rows; row++) {
        float *r = gates + row * 3 * H, *z = r + H;
        const float *h_before = hidden_before + row * H;
        float *reset = intermediate + row * H;
        INDEPENDENT
        for (long j = 0; j < H; j++) {
            r[j] = sigmoid(r[j] + (input_bias[j] + recurrent_bias[j]));
            z[j] = sigmoid(z[j] + (input_bias[H + j] + recurrent_bias[H + j]));
            reset[j] = r[j] * h_before[j];
        }
    }
}

KERNEL void cpu_gru_output_forward(CPU_FORWARD_OPERANDS) {
    for (long row = 0; row < rows; row++) {
        float *z = gates + row * 3 * H + H, *n = z + H;
        const float *h_before = hidden_before + row * H;
        float *h = hidden + row * H;
        INDEPENDENT
        for (long j = 0; j < H; j++) {
            n[j] = hyperbolic_tangent(n[j] + (input_bias[2 * H + j] + recurrent_bias[2 * H + j]));
            h[j] = z[j] * n[j] + (1 - z[j]) * h_before[j];
        }
    }
}

KERNEL void cpu_gru_output_backward(CPU_BACKWARD_OPERANDS) {
    for (long row = 0; row < rows; row++) {
        float *z = gates + row * 3 * H + H, *n = z + H;
        const float *h_before = hidden_before + row * H, *dh = dhidden + row * H;
        if (dhidden_before) {
            float *dh_before = dhidden_before + row * H;
            INDEPENDENT
            for (long j = 0; j < H; j++) dh_before[j] += (1 - z[j]) * dh[j];
        }
        INDEPENDENT
        for (long j = 0; j < H; j++) {
            float d_z = dh[j] * (n[j] - h_before[j]), d_n = dh[j] * z[j];
            z[j] = d_z * z[j] * (1 - z[j]);
            n[j] = d_n * (1 - n[j] * n[j]);
        }
    }
}

KERNEL void cpu_gru_reset_backward(CPU_BACKWARD_OPERANDS) {
    for (long row = 0; row < rows; row++) {
        float *r = gates + row * 3 * H;
        const float *h_before = hidden_before + row * H, *d_reset = dintermediate + row * H;
        if (dhidden_before) {
            float *dh_before = dhidden_before + row * H;
            INDEPENDENT
            for (long j = 0; j < H; j++) dh_before[j] += r[j] * d_reset[j];
        }
        INDEPENDENT
        for (long j = 0; j < H; j++) r[j] = d_reset[j] * h_before[j] * r[j] * (1 - r[j]);
    }
}
