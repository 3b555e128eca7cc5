// What stands before the file of every cell: the operands of its half-steps, and the functions of its gates.
//
// A half-step is called for the units from j on of one stream, and the pointers are to that stream's rows. All of them
// have these operands, of which each takes those that it needs; CPUKernels.h has the same under the same names.
//
// gates             G·H    W·x; then activations; backward gradients of the arguments
// input_bias, recurrent_bias   G·H
// product           the half-step's own product, of h′ or of all that is in intermediate so far, for its gates
// hidden_before, hidden        H, h before and after the step
// memory_before, memory        H, c before and after it
// intermediate      H for each half-step but the last, which makes it: what later products of the step multiply
// dhidden           H      the gradient of h: that which comes from above, then complete
// later             H      what the products of the step after add to that
// is_last           whether there is no later step, and so neither `later` nor a gradient of c
// dhidden_before    H      that of h′, to which is added; not touched in the first step, whose h′ is no output
// dmemory           H      that of c from the step after; then that of c′
// dintermediate            its gradient
#define FORWARD_OPERANDS \
    int H, int j, global float *gates, global const float *input_bias, global const float *product, \
    global const float *recurrent_bias, global const float *hidden_before, global const float *memory_before, \
    global float *intermediate, global float *hidden, global float *memory
#define BACKWARD_OPERANDS \
    int H, int j, int is_first, int is_last, global float *gates, global const float *hidden_before, \
    global const float *memory_before, global const float *memory, global float *dhidden, \
    global const float *later, global float *dhidden_before, global float *dmemory, \
    global const float *dintermediate

// Neither overflows into NaN: exp runs to 0 or infinity, and the quotient to its limit.
static inline vector sigmoid(vector x) { return 1.0f / (1.0f + exp(-x)); }

// Right to 2e-7, absolutely; an eighth of the time of tanh on processors.
static inline vector hyperbolic_tangent(vector x) { return 2.0f / (1.0f + exp(-2.0f * x)) - 1.0f; }

// A gate's argument: Wx + b + Uh′ + b′.
static inline vector gate_argument(
    global const float *input, global const float *input_bias, global const float *product,
    global const float *recurrent_bias, int left) {
    return vector_load(input, left) + vector_load(input_bias, left) + vector_load(product, left)
        + vector_load(recurrent_bias, left);
}
