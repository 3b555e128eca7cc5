// One step of the minimal GRU, twin of mingru.cl. A row of gates is z, n, H of each.
#include "kernels.h"

KERNEL void cpu_mingru_forward(CPU_FORWARD_OPERANDS) {
    for (long row = 0; row < rows; row++) {
        float *z = gates + row * 2 * H, *n = z + H;
        const float *h_before = hidden_before + row * H;
        float *h = hidden + row * H;
        INDEPENDENT
        for (long j = 0; j < H; j++) {
            z[j] = sigmoid(z[j] + input_bias[j]);
            n[j] = n[j] + input_bias[H + j];
            h[j] = z[j] * n[j] + (1 - z[j]) * h_before[j];
        }
    }
}

KERNEL void cpu_mingru_backward(CPU_BACKWARD_OPERANDS) {
    for (long row = 0; row < rows; row++) {
        float *z = gates + row * 2 * H, *n = z + H;
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
            n[j] = d_n;
        }
    }
}
