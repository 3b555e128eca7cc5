// The kernels of the CPU device. Each file is the twin of the .cl file of its name, and the specification of it; of
// packing.c, row_product.c, quantized.c, weights.c, limits.c and team.c there is none.
//
// Letters: B batch, T time, V vocabulary, H hidden, G gates. Matrices are row-major and every function works on
// whatever rows or elements it is given, so that a caller may share the work among threads.
#pragma once

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "CharRNN does not run on big-endian processors: checkpoints and caches are read as they lie in memory"
#endif

#include <stdbool.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

// MARK: product.c
//
// k is at least 1. What a product copies lies on its thread's stack, up to 900 KB.

/// The columns of a packed panel.
enum { cpu_panel_width = 16 };

/// The elements that the packed form of a k × n matrix takes.
long cpu_packed_count(long k, long n);
/// Rearranges b (k × n, rows `stride` apart) into panels of 16 columns, each k × 16 in one run of memory.
void cpu_pack(const float *b, long stride, long k, long n, float *packed);
/// The same for the transpose: b is n × k, what is packed is k × n.
void cpu_pack_transposed(const float *b, long stride, long k, long n, float *packed);
/// c (rows × n) = a (rows × k) · b, or += when `adding`; b is packed.
void cpu_product_packed(const float *a, long a_stride, const float *packed, float *c, long c_stride, long rows,
                        long n, long k, bool adding);
/// c = aᵀ·b for the k × rows matrix a; b in panels.
void cpu_product_packed_transposed(const float *a, long a_stride, const float *packed, float *c, long c_stride, long rows,
                                   long n, long k);
/// The same for the transpose of a (k × rows) and a plain b (k × n).
void cpu_product_transposed(const float *a, long a_stride, const float *b, long b_stride, float *c, long c_stride,
                            long rows, long n, long k, bool adding);
/// The same for a plain a and a plain b.
void cpu_product(const float *a, long a_stride, const float *b, long b_stride, float *c, long c_stride, long rows,
                 long n, long k, bool adding);

/// Whether these products use AVX-512 here.
bool cpu_product_is_wide(void);

// MARK: quantized.c

/// The deepest product with weights of 8 bits whose sums fit in 32: 64 · 1024 rows.
enum { cpu_quantized_depth = 1 << 16 };

/// The elements that the panels of a k × n matrix take with weights of 8 bits.
long cpu_quantized_count(long k, long n);
/// The scale of a column whose largest magnitude is `largest`: its weights are whole numbers up to 127 times this.
float cpu_quantized_scale(float largest);
/// The whole number whose multiple of the scale is nearest to x.
int8_t cpu_quantized_weight(float x, float scale);
/// Rounds b (k × n, rows `stride` apart) to 8 bits and a scale for each column, in panels of 16 columns.
void cpu_quantize(const float *b, long stride, long k, long n, int32_t *panels);
/// c (rows × n) = a (rows × k), each of whose rows is rounded to 7 bits, times b in such panels; or += when `adding`.
void cpu_product_quantized(const float *a, long a_stride, const int32_t *panels, float *c, long c_stride, long rows,
                           long n, long k, bool adding);

// MARK: rows.c

/// matrix(i, j) += bias[j].
void cpu_rows_add_bias(float *matrix, const float *bias, long rows, long columns);
/// rows(i, :) = table(indices[i], :); rows lie `stride` apart.
void cpu_rows_gather(const float *table, const int32_t *indices, float *rows, long stride, long count, long columns);
/// table(v, :) = Σ rows(positions[p], :) over starts[v] ≤ p < starts[v + 1], for v in [first, last).
void cpu_rows_scatter(const float *rows, long stride, const int32_t *starts, const int32_t *positions, float *table,
                      long first, long last, long columns);
/// rows(k, i) = table(i, indices[k]) for k < count, i < columns; the rows of either lie apart by its stride.
void cpu_rows_gather_columns(const float *table, long table_stride, const int32_t *indices, float *rows, long rows_stride,
                             long count, long columns);
/// table(i, indices[k]) = rows(k, i), and zero elsewhere in the rows of the table, which are as long as its stride.
void cpu_rows_scatter_columns(const float *rows, long rows_stride, const int32_t *indices, float *table, long table_stride,
                              long count, long columns);

// MARK: reduce.c

/// sums[j] = Σᵢ matrix(i, j) for j in [first, last).
void cpu_reduce_columns(const float *matrix, float *sums, long rows, long columns, long first, long last);
/// Σ x.
double cpu_reduce_sum(const float *x, long count);
/// Σ x².
double cpu_reduce_squares(const float *x, long count);

// MARK: lstm.c, gru.c, rnn.c, mingru.c, mogrifier.c: the half-steps of the cells, for some rows of the batch at one time
// step; see RecurrentCell for the equations. All have these operands, of which each takes those that it needs:
//
// gates             rows × G·H, arguments without biases, the recurrent product added; then activations; backward their
//                   gradients: the arguments'
// input_bias, recurrent_bias   G·H
// hidden_before, hidden        rows × H, h before and after the step
// memory_before, memory        rows × H, c before and after it
// intermediate      rows × H, or a multiple of H, what later products of the step multiply
// dhidden           rows × H, the gradient of h, complete
// dhidden_before    rows × H, that of h′, to which is added; NULL in the first step
// dmemory           rows × H, that of c from the step after; then that of c′
// dintermediate     its gradient
#define CPU_FORWARD_OPERANDS                                                                                          \
    float *gates, const float *input_bias, const float *recurrent_bias, const float *hidden_before,                   \
        const float *memory_before, float *intermediate, float *hidden, float *memory, long rows, long H
#define CPU_BACKWARD_OPERANDS                                                                                         \
    float *gates, const float *hidden_before, const float *memory_before, const float *memory, const float *dhidden,  \
        float *_Nullable dhidden_before, float *dmemory, const float *dintermediate, long rows, long H

void cpu_lstm_forward(CPU_FORWARD_OPERANDS);
void cpu_lstm_backward(CPU_BACKWARD_OPERANDS);

/// r, z and intermediate = r∘h′.
void cpu_gru_reset_forward(CPU_FORWARD_OPERANDS);
/// n and h.
void cpu_gru_output_forward(CPU_FORWARD_OPERANDS);
/// The gradients of z and n.
void cpu_gru_output_backward(CPU_BACKWARD_OPERANDS);
/// That of r, from that of intermediate.
void cpu_gru_reset_backward(CPU_BACKWARD_OPERANDS);

void cpu_rnn_forward(CPU_FORWARD_OPERANDS);
void cpu_rnn_backward(CPU_BACKWARD_OPERANDS);

void cpu_mingru_forward(CPU_FORWARD_OPERANDS);
void cpu_mingru_backward(CPU_BACKWARD_OPERANDS);

/// q, x and x¹, the first intermediate.
void cpu_mogrifier_input_forward(CPU_FORWARD_OPERANDS);
/// r and h¹, the second.
void cpu_mogrifier_state_forward(CPU_FORWARD_OPERANDS);
/// i, f, g, o and h.
void cpu_mogrifier_lstm_forward(CPU_FORWARD_OPERANDS);
void cpu_mogrifier_lstm_backward(CPU_BACKWARD_OPERANDS);
/// The gradient of r, from that of h¹.
void cpu_mogrifier_state_backward(CPU_BACKWARD_OPERANDS);
/// Those of q and x, from that of x¹.
void cpu_mogrifier_input_backward(CPU_BACKWARD_OPERANDS);

// MARK: softmax.c

/// Per row losses[i] = −ln softmax(logits + bias)[targets[i]]; logits become scale·(softmax − one-hot target), or
/// anything where no gradient is wanted.
void cpu_softmax_cross_entropy(float *logits, const float *bias, const int32_t *targets, float scale,
                               bool with_gradient, float *losses, long rows, long columns);

// MARK: weights.c

/// weights[i] = e^(logits[i] − maximum), 0 where the logit is not finite or the weight below 1e-307; returns their sum.
/// No finite logit may be above the maximum.
double cpu_weigh(const float *logits, float maximum, double *weights, long count);

// MARK: dropout.c

/// result[i − shift] = kept(i) ? x[i − shift]·scale : 0 for i in [first, last); see DropoutMask for the generator.
void cpu_dropout_apply(const float *x, float *result, long first, long last, long shift, uint32_t threshold,
                       float scale, uint64_t seed, uint64_t step, uint32_t layer);

// MARK: optimizer.c

/// Σ of squares of the clipped gradient and of the parameters after the step.
typedef struct {
    double gradient, parameters;
} cpu_squares;

/// One step of RMSProp over `count` parameters; g = clamp(gradient·scale, ±bound).
cpu_squares cpu_optimizer_rmsprop(float *x, const float *gradient, float *mean_square, long count, float bound,
                                  float scale, float learning_rate, float decay, float epsilon);
/// One step of Adam; the two corrections are 1/(1 − βᵗ).
cpu_squares cpu_optimizer_adam(float *x, const float *gradient, float *mean, float *mean_square, long count,
                               float bound, float scale, float learning_rate, float beta1, float beta2,
                               float epsilon, float correction1, float correction2);
/// x = clamp(x·scale, ±bound); returns Σx² after that.
double cpu_optimizer_bound(float *x, long count, float bound, float scale);
/// y = a·x + b·y; x and y may be the same.
void cpu_optimizer_combine(const float *x, float a, float *y, float b, long count);

// MARK: muon.c

/// Replaces a block whose rows lie `stride` apart: X = block/(‖block‖ + 1e-7), X = X/‖(XXᵀ)²‖^¼; then for each of `steps`
/// triples (a, b, c) of coefficients A = XXᵀ, X = (aI + bA + cA²)X. `room` holds as many numbers as `cpu_muon_room` says.
void cpu_muon_orthogonalize(float *block, long stride, long rows, long columns, const float *coefficients, long steps,
                            float *room);
long cpu_muon_room(long rows, long columns);

// MARK: limits.c

/// The instruction set that the kernels use here.
const char *cpu_limits_instructions(void);
/// Multiply-adds of registers alone; returns how many. `result` is a number that the compiler does not know.
long cpu_limits_multiply_adds(long rounds, float *result);
/// Reads x as fast as it comes.
void cpu_limits_read(const float *x, long count, float *result);

/// Threads that share out the slices of an operation.
typedef struct cpu_team cpu_team;
/// A team of so many threads, the calling one among them; of fewer, or NULL, when the system has no more.
cpu_team *_Nullable cpu_team_create(int threads);
/// Waits for the threads to end. No operation runs any more.
void cpu_team_free(cpu_team *_Nullable team);
/// Calls `body` once with every slice from 0 on, on whichever threads, and returns when all calls have. A thread that finds
/// the team at work for another one takes all slices itself.
void cpu_team_run(cpu_team *_Nullable team, long slices, void *context, void (*body)(void *context, long slice));
/// Whether the calling thread runs a slice of a team at work, so that the others have theirs; not where it takes all slices
/// itself.
bool cpu_team_is_at_work(void);

#pragma clang assume_nonnull end
