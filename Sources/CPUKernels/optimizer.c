// One step over all parameters, with the norms that the progress line shows: the twin of optimizer.cl.
#include "kernels.h"

enum { block = 4096 };  // squares are summed in float lanes; blocks in double

INLINE float clip(float g, float bound) {
    g = g < -bound ? -bound : g;
    return g > bound ? bound : g;
}

KERNEL cpu_squares cpu_optimizer_rmsprop(float *x, const float *gradient,
                                         float *mean_square, long count, float bound, float scale,
                                         float learning_rate, float decay, float epsilon) {
    cpu_squares total = {0, 0};
    for (long start = 0; start < count; start += block) {
#pragma clang fp reassociate(on)
        long end = smaller(count, start + block);
        float gradient_squares = 0, parameter_squares = 0;
        INDEPENDENT
        for (long i = start; i < end; i++) {
            float g = clip(gradient[i] * scale, bound);
            mean_square[i] = decay * mean_square[i] + (1 - decay) * g * g;
            x[i] -= learning_rate * g / (__builtin_elementwise_sqrt(mean_square[i]) + epsilon);
            gradient_squares += g * g;
            parameter_squares += x[i] * x[i];
        }
        total.gradient += gradient_squares;
        total.parameters += parameter_squares;
    }
    return total;
}

KERNEL cpu_squares cpu_optimizer_adam(float *x, const float *gradient, float *mean,
                                      float *mean_square, long count, float bound, float scale,
                                      float learning_rate, float beta1, float beta2, float epsilon,
                                      float correction1, float correction2) {
    cpu_squares total = {0, 0};
    for (long start = 0; start < count; start += block) {
#pragma clang fp reassociate(on)
        long end = smaller(count, start + block);
        float gradient_squares = 0, parameter_squares = 0;
        INDEPENDENT
        for (long i = start; i < end; i++) {
            float g = clip(gradient[i] * scale, bound);
            mean[i] = beta1 * mean[i] + (1 - beta1) * g;
            mean_square[i] = beta2 * mean_square[i] + (1 - beta2) * g * g;
            float root = __builtin_elementwise_sqrt(mean_square[i] * correction2);
            x[i] -= learning_rate * (mean[i] * correction1) / (root + epsilon);
            gradient_squares += g * g;
            parameter_squares += x[i] * x[i];
        }
        total.gradient += gradient_squares;
        total.parameters += parameter_squares;
    }
    return total;
}

KERNEL double cpu_optimizer_bound(float *x, long count, float bound, float scale) {
    double total = 0;
    for (long start = 0; start < count; start += block) {
#pragma clang fp reassociate(on)
        long end = smaller(count, start + block);
        float squares = 0;
        for (long i = start; i < end; i++) {
            x[i] = clip(x[i] * scale, bound);
            squares += x[i] * x[i];
        }
        total += squares;
    }
    return total;
}

KERNEL void cpu_optimizer_combine(const float *x, float a, float *y, float b, long count) {
    INDEPENDENT
    for (long i = 0; i < count; i++) y[i] = a * x[i] + b * y[i];
}
