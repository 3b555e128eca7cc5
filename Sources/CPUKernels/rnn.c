// One step of the plain layer, twin of rnn.cl.
#include "kernels.h"

KERNEL void cpu_rnn_forward(CPU_FORWARD_OPERANDS) {
    for (long row = 0; row < rows; row++) {
        float *a = gates + row * H, *h = hidden + row * H;
        INDEPENDENT
        for (long j = 0; j < H; j++) {
            a[j] = hyperbolic_tangent(a[j] + (input_bias[j] + recurrent_bias[j]));
            h[j] = a[j];
        }
    }
}

KERNEL void cpu_rnn_backward(CPU_BACKWARD_OPERANDS) {
    INDEPENDENT
    for (long i = 0; i < rows * H; i++) gates[i] = dhidden[i] * (1 - gates[i] * gates[i]);
}
