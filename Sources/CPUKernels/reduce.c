// Sums: the twin of reduce.cl.
#include "kernels.h"

enum { block = 4096 };  // summed in float lanes; blocks are summed in double

KERNEL void cpu_reduce_columns(const float *matrix, float *sums, long rows, long columns, long first, long last) {
    for (long j = first; j < last; j++) sums[j] = 0;
    for (long i = 0; i < rows; i++) {
        INDEPENDENT
        for (long j = first; j < last; j++) sums[j] += matrix[i * columns + j];
    }
}

KERNEL double cpu_reduce_sum(const float *x, long count) {
    double total = 0;
    for (long start = 0; start < count; start += block) {
#pragma clang fp reassociate(on)
        long end = smaller(count, start + block);
        float sum = 0;
        for (long i = start; i < end; i++) sum += x[i];
        total += sum;
    }
    return total;
}

KERNEL double cpu_reduce_squares(const float *x, long count) {
    double total = 0;
    for (long start = 0; start < count; start += block) {
#pragma clang fp reassociate(on)
        long end = smaller(count, start + block);
        float sum = 0;
        for (long i = start; i < end; i++) sum += x[i] * x[i];
        total += sum;
    }
    return total;
}
