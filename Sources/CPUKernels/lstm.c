// One step of the LSTM's gates, twin of lstm.cl. A row of gates is i, f, g, o, H of each.
#include "kernels.h"

KERNEL void cpu_lstm_forward(CPU_FORWARD_OPERANDS) {
    for (long row = 0; row < rows; row++) {
        float *i = gates + row * 4 * H, *f = i + H, *g = f + H, *o = g + H;
        const float *c_before = memory_before + row * H;
        float *c = memory + row * H, *h = hidden + row * H;
        INDEPENDENT
        for (long j = 0; j < H; j++) {
            i[j] = sigmoid(i[j] + (input_bias[j] + recurrent_bias[j]));
            f[j] = sigmoid(f[j] + (input_bias[H + j] + recurrent_bias[H + j]));
            g[j] = hyperbolic_tangent(g[j] + (input_bias[2 * H + j] + recurrent_bias[2 * H + j]));
            o[j] = sigmoid(o[j] + (input_bias[3 * H + j] + recurrent_bias[3 * H + j]));
            c[j] = f[j] * c_before[j] + i[j] * g[j];
        }
        // A loop of its own: behind the gates, tanh would wait for them.
        INDEPENDENT
        for (long j = 0; j < H; j++) h[j] = o[j] * hyperbolic_tangent(c[j]);
    }
}

KERNEL void cpu_lstm_backward(CPU_BACKWARD_OPERANDS) {
    for (long row = 0; row < rows; row++) {
        float *i = gates + row * 4 * H, *f = i + H, *g = f + H, *o = g + H;
        const float *c_before = memory_before + row * H, *c = memory + row * H, *dh = dhidden + row * H;
        float *dc = dmemory + row * H;
        INDEPENDENT
        for (long j = 0; j < H; j++) {
            float tanh_c = hyperbolic_tangent(c[j]);
            float d_o = dh[j] * tanh_c;
            float d_c = dc[j] + dh[j] * o[j] * (1 - tanh_c * tanh_c);
            float d_i = d_c * g[j], d_f = d_c * c_before[j], d_g = d_c * i[j];
            dc[j] = d_c * f[j];
            i[j] = d_i * i[j] * (1 - i[j]);
            f[j] = d_f * f[j] * (1 - f[j]);
            g[j] = d_g * (1 - g[j] * g[j]);
            o[j] = d_o * o[j] * (1 - o[j]);
        }
    }
}
