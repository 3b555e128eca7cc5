// The LSTM's gates for one row, where they lie side by side: i, f, g, o, H of each. input_bias and recurrent_bias are those
// of the same gates.
#pragma once
#include "kernels.h"

INLINE void lstm_row_forward(
    float *i, const float *input_bias, const float *recurrent_bias, const float *c_before, float *h, float *c, long H) {
    float *f = i + H, *g = f + H, *o = g + H;
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

INLINE void lstm_row_backward(
    float *i, const float *c_before, const float *c, const float *dh, float *dc, long H) {
    float *f = i + H, *g = f + H, *o = g + H;
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
