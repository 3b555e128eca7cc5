// The kernels of the CPU device. Each file is the twin of the .cl file of its name, and the specification of it.
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
/// The same for the transpose of a (k × rows) and a plain b (k × n).
void cpu_product_transposed(const float *a, long a_stride, const float *b, long b_stride, float *c, long c_stride,
                            long rows, long n, long k, bool adding);
/// The same for a plain a and a plain b.
void cpu_product(const float *a, long a_stride, const float *b, long b_stride, float *c, long c_stride, long rows,
                 long n, long k, bool adding);

// MARK: rows.c

/// matrix(i, j) += bias[j].
void cpu_rows_add_bias(float *matrix, const float *bias, long rows, long columns);
/// rows(i, :) = table(indices[i], :).
void cpu_rows_gather(const float *table, const int32_t *indices, float *rows, long count, long columns);
/// table(v, :) = Σ rows(positions[p], :) over starts[v] ≤ p < starts[v + 1], for v in [first, last).
void cpu_rows_scatter(const float *rows, const int32_t *starts, const int32_t *positions, float *table, long first,
                      long last, long columns);

// MARK: reduce.c

/// sums[j] = Σᵢ matrix(i, j) for j in [first, last).
void cpu_reduce_columns(const float *matrix, float *sums, long rows, long columns, long first, long last);
/// Σ x.
double cpu_reduce_sum(const float *x, long count);
/// Σ x².
double cpu_reduce_squares(const float *x, long count);

// MARK: lstm.c, gru.c, rnn.c: one time step of some rows of the batch; see RecurrentCell for the equations

/// gates (rows × 4H: i, f, g, o) from arguments without biases to activations; c and h (rows × H) from them.
void cpu_lstm_forward(float *gates, const float *input_bias, const float *recurrent_bias, const float *previous_c,
                      float *c, float *h, long rows, long hidden);
/// gates from activations to the gradient of their arguments. dc (rows × H) is the gradient of c that came from
/// the step after, and becomes the one for the step before.
void cpu_lstm_backward(float *gates, const float *previous_c, const float *c, const float *dh, float *dc, long rows,
                       long hidden);

/// r and z of gates (rows × 3H: r, z, n) from arguments without biases to activations; reset_h = r∘h′.
void cpu_gru_reset_forward(float *gates, const float *input_bias, const float *recurrent_bias,
                           const float *previous_h, float *reset_h, long rows, long hidden);
/// n of gates likewise; h = z∘n + (1−z)∘h′.
void cpu_gru_output_forward(float *gates, const float *input_bias, const float *recurrent_bias,
                            const float *previous_h, float *h, long rows, long hidden);
/// z and n of gates to gradients of their arguments; previous_dh += (1−z)∘dh unless it is NULL.
void cpu_gru_output_backward(float *gates, const float *previous_h, const float *dh, float *_Nullable previous_dh,
                             long rows, long hidden);
/// r of gates to the gradient of its argument, given that of r∘h′; previous_dh += r∘d_reset unless it is NULL.
void cpu_gru_reset_backward(float *gates, const float *previous_h, const float *d_reset,
                            float *_Nullable previous_dh, long rows, long hidden);

/// gates (rows × H) from arguments without biases to activations, and a copy of them to h.
void cpu_rnn_forward(float *gates, const float *input_bias, const float *recurrent_bias, float *h, long rows,
                     long hidden);
/// gates from activations to the gradient of their arguments.
void cpu_rnn_backward(float *gates, const float *dh, long rows, long hidden);

// MARK: softmax.c

/// Per row losses[i] = −ln softmax(logits + bias)[targets[i]]; logits become scale·(softmax − one-hot target).
void cpu_softmax_cross_entropy(float *logits, const float *bias, const int32_t *targets, float scale, float *losses,
                               long rows, long columns);

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

/// Threads that share out the slices of an operation.
typedef struct cpu_team cpu_team;
/// A team of so many threads, the calling one among them; of fewer, or NULL, when the system has no more.
cpu_team *_Nullable cpu_team_create(int threads);
/// Waits for the threads to end. No operation runs any more.
void cpu_team_free(cpu_team *_Nullable team);
/// Calls `body` with every slice from 0 on, and returns when all calls have. A thread that finds the team at work for
/// another one takes all slices itself.
void cpu_team_run(cpu_team *_Nullable team, long slices, void *context, void (*body)(void *context, long slice));

#pragma clang assume_nonnull end
