// One step of the Mogrifier LSTM: input and state gate one another, then what they have become enters an LSTM; twin of
// mogrifier.cl. A row of gates is q, r, i, f, g, o, x, H of each; a row of the intermediate is x¹, h¹.
#include "lstm_row.h"

KERNEL void cpu_mogrifier_input_forward(CPU_FORWARD_OPERANDS) {
    for (long row = 0; row < rows; row++) {
        float *q = gates + row * 7 * H, *x = q + 6 * H, *x_gated = intermediate + row * 2 * H;
        INDEPENDENT
        for (long j = 0; j < H; j++) {
            q[j] = sigmoid(q[j] + (input_bias[j] + recurrent_bias[j]));
            x[j] += input_bias[6 * H + j] + recurrent_bias[6 * H + j];
            x_gated[j] = 2 * q[j] * x[j];
        }
    }
}

KERNEL void cpu_mogrifier_state_forward(CPU_FORWARD_OPERANDS) {
    for (long row = 0; row < rows; row++) {
        float *r = gates + row * 7 * H + H, *h_gated = intermediate + row * 2 * H + H;
        const float *h_before = hidden_before + row * H;
        INDEPENDENT
        for (long j = 0; j < H; j++) {
            r[j] = sigmoid(r[j] + (input_bias[H + j] + recurrent_bias[H + j]));
            h_gated[j] = 2 * r[j] * h_before[j];
        }
    }
}

KERNEL void cpu_mogrifier_lstm_forward(CPU_FORWARD_OPERANDS) {
    for (long row = 0; row < rows; row++) {
        lstm_row_forward(
            gates + row * 7 * H + 2 * H, input_bias + 2 * H, recurrent_bias + 2 * H, memory_before + row * H,
            hidden + row * H, memory + row * H, H);
    }
}

KERNEL void cpu_mogrifier_lstm_backward(CPU_BACKWARD_OPERANDS) {
    for (long row = 0; row < rows; row++) {
        lstm_row_backward(
            gates + row * 7 * H + 2 * H, memory_before + row * H, memory + row * H, dhidden + row * H, dmemory + row * H,
            H);
    }
}

KERNEL void cpu_mogrifier_state_backward(CPU_BACKWARD_OPERANDS) {
    for (long row = 0; row < rows; row++) {
        float *r = gates + row * 7 * H + H;
        const float *h_before = hidden_before + row * H, *dh_gated = dintermediate + row * 2 * H + H;
        if (dhidden_before) {
            float *dh_before = dhidden_before + row * H;
            INDEPENDENT
            for (long j = 0; j < H; j++) dh_before[j] += 2 * r[j] * dh_gated[j];
        }
        INDEPENDENT
        for (long j = 0; j < H; j++) r[j] = 2 * dh_gated[j] * h_before[j] * r[j] * (1 - r[j]);
    }
}

KERNEL void cpu_mogrifier_input_backward(CPU_BACKWARD_OPERANDS) {
    for (long row = 0; row < rows; row++) {
        float *q = gates + row * 7 * H, *x = q + 6 * H;
        const float *dx_gated = dintermediate + row * 2 * H;
        INDEPENDENT
        for (long j = 0; j < H; j++) {
            float d_q = 2 * dx_gated[j] * x[j];
            x[j] = 2 * q[j] * dx_gated[j];
            q[j] = d_q * q[j] * (1 - q[j]);
        }
    }
}
