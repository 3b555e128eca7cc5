// One step of the LSTM's gates: the twin of lstm.cl. A row of gates is i, f, g, o, H of each.
#include "kernels.h"

KERNEL void cpu_lstm_forward(float *gates, const float *input_bias, const float *recurrent_bias,
                             const float *previous_c, float *c, float *h, long rows, long hidden) {
    for (long r = 0; r < rows; r++) {
        float *i = gates + r * 4 * hidden, *f = i + hidden, *g = f + hidden, *o = g + hidden;
        const float *c_before = previous_c + r * hidden;
        float *c_after = c + r * hidden, *output = h + r * hidden;
        INDEPENDENT
        for (long j = 0; j < hidden; j++) {
            i[j] = sigmoid(i[j] + (input_bias[j] + recurrent_bias[j]));
            f[j] = sigmoid(f[j] + (input_bias[hidden + j] + recurrent_bias[hidden + j]));
            g[j] = hyperbolic_tangent(g[j] + (input_bias[2 * hidden + j] + recurrent_bias[2 * hidden + j]));
            o[j] = sigmoid(o[j] + (input_bias[3 * hidden + j] + recurrent_bias[3 * hidden + j]));
            c_after[j] = f[j] * c_before[j] + i[j] * g[j];
        }
        // A loop of its own: behind the gates, tanh would wait for them.
        INDEPENDENT
        for (long j = 0; j < hidden; j++) output[j] = o[j] * hyperbolic_tangent(c_after[j]);
    }
}

KERNEL void cpu_lstm_backward(float *gates, const float *previous_c, const float *c, const float *dh, float *dc,
                              long rows, long hidden) {
    for (long r = 0; r < rows; r++) {
        float *i = gates + r * 4 * hidden, *f = i + hidden, *g = f + hidden, *o = g + hidden;
        const float *c_before = previous_c + r * hidden, *c_after = c + r * hidden;
        const float *d_output = dh + r * hidden;
        float *d_cell = dc + r * hidden;
        INDEPENDENT
        for (long j = 0; j < hidden; j++) {
            float tanh_c = hyperbolic_tangent(c_after[j]);
            float d_o = d_output[j] * tanh_c;
            float d_c = d_cell[j] + d_output[j] * o[j] * (1 - tanh_c * tanh_c);
            float d_i = d_c * g[j], d_f = d_c * c_before[j], d_g = d_c * i[j];
            d_cell[j] = d_c * f[j];
            i[j] = d_i * i[j] * (1 - i[j]);
            f[j] = d_f * f[j] * (1 - f[j]);
            g[j] = d_g * (1 - g[j] * g[j]);
            o[j] = d_o * o[j] * (1 - o[j]);
        }
    }
}
