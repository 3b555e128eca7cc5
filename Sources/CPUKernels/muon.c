// What Muon does besides products: the twin of muon.cl.
#include "kernels.h"

KERNEL void cpu_muon_normalize(float *matrix, long stride, long rows, long columns) {
    double total = 0;
    for (long i = 0; i < rows; i++) {
#pragma clang fp reassociate(on)
        float squares = 0;
        for (long j = 0; j < columns; j++) squares += matrix[i * stride + j] * matrix[i * stride + j];
        total += squares;
    }
    float scale = (float)(1 / (__builtin_sqrt(total) + 1e-7));
    for (long i = 0; i < rows; i++) {
        INDEPENDENT
        for (long j = 0; j < columns; j++) matrix[i * stride + j] *= scale;
    }
}
