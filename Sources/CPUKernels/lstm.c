// One step of the LSTM's gates, twin of lstm.cl. A row of gates is i, f, g, o, H of each.
#include "lstm_row.h"

KERNEL void cpu_lstm_forward(CPU_FORWARD_OPERANDS) {
    for (long row = 0; row < rows; row++) {
        lstm_row_forward(
            gates + row * 4 * H, input_bias, recurrent_bias, memory_before + row * H, hidden + row * H, memory + row * H,
            H);
    }
}

KERNEL void cpu_lstm_backward(CPU_BACKWARD_OPERANDS) {
    for (long row = 0; row < rows; row++) {
        lstm_row_backward(
            gates + row * 4 * H, memory_before + row * H, memory + row * H, dhidden + row * H, dmemory + row * H, H);
    }
}
