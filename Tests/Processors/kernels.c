// Runs every kernel of CPUKernels at odd sizes on made-up numbers and prints what each gives: a line of its name and the
// values. Tests/Processors/run compiles it for several processors and compares what they print.
#include "CPUKernels.h"

#include <stdio.h>
#include <stdlib.h>

enum { rows = 13, columns = 37, inner = 1029, hidden = 33, count = 1001 };

static uint32_t state = 1;

static float *numbers(long n) {
    float *x = malloc((size_t)n * sizeof *x);
    for (long i = 0; i < n; i++) {
        state = state * 1664525u + 1013904223u;
        x[i] = (float)(int32_t)state / 2147483648.0f;
    }
    return x;
}

static int32_t *indices(long n, long below) {
    int32_t *x = malloc((size_t)n * sizeof *x);
    for (long i = 0; i < n; i++) {
        state = state * 1664525u + 1013904223u;
        x[i] = (int32_t)((state >> 8) % (uint32_t)below);
    }
    return x;
}

static void print(const char *name, const float *x, long n) {
    printf("%s", name);
    for (long i = 0; i < n; i++) printf(" %.9g", (double)x[i]);
    printf("\n");
}

static void products(void) {
    float *a = numbers(rows * inner), *b = numbers(inner * columns), *c = numbers(rows * columns);
    float *packed = malloc((size_t)cpu_packed_count(inner, columns) * sizeof *packed);
    cpu_pack(b, columns, inner, columns, packed);
    cpu_product_packed(a, inner, packed, c, columns, rows, columns, inner, false);
    print("product_packed", c, rows * columns);
    cpu_pack_transposed(b, inner, inner, columns, packed);
    cpu_product_packed(a, inner, packed, c, columns, rows, columns, inner, true);
    print("product_packed_transposed", c, rows * columns);
    cpu_product_transposed(a, rows, b, columns, c, columns, rows, columns, inner, false);
    print("product_transposed", c, rows * columns);
    cpu_product(a, inner, b, columns, c, columns, rows, columns, inner, true);
    print("product", c, rows * columns);
    cpu_product(a, inner, b, columns, c, columns, 1, columns, inner, false);
    print("product_of_a_row", c, columns);
    int32_t *panels = malloc((size_t)cpu_quantized_count(inner, columns) * sizeof *panels);
    cpu_quantize(b, columns, inner, columns, panels);
    cpu_product_quantized(a, inner, panels, c, columns, rows, columns, inner, false);
    print("product_quantized", c, rows * columns);
    float *many = numbers(inner * 16 * columns);
    panels = malloc((size_t)cpu_quantized_count(inner, 16 * columns) * sizeof *panels);
    cpu_quantize(many, 16 * columns, inner, 16 * columns, panels);
    cpu_product_quantized(a, inner, panels, many, 16 * columns, 1, 16 * columns, inner, true);
    print("product_quantized_of_a_row", many, 16 * columns);
}

static void row_kernels(void) {
    float *matrix = numbers(rows * columns), *bias = numbers(columns), *result = numbers(rows * columns);
    int32_t *chosen = indices(rows, rows);
    cpu_rows_add_bias(matrix, bias, rows, columns);
    print("rows_add_bias", matrix, rows * columns);
    cpu_rows_gather(matrix, chosen, result, columns, rows, columns);
    print("rows_gather", result, rows * columns);
    int32_t starts[rows + 1];
    for (int i = 0; i <= rows; i++) starts[i] = i;
    cpu_rows_scatter(matrix, columns, starts, chosen, result, 0, rows, columns);
    print("rows_scatter", result, rows * columns);
    int32_t columns_chosen[2] = {columns - 1, 1};
    cpu_rows_gather_columns(matrix, columns, columns_chosen, result, rows, 2, rows);
    print("rows_gather_columns", result, 2 * rows);
    float *table = numbers(rows * columns);
    cpu_rows_scatter_columns(result, rows, columns_chosen, table, columns, 2, rows);
    print("rows_scatter_columns", table, rows * columns);
    cpu_reduce_columns(matrix, result, rows, columns, 0, columns);
    print("reduce_columns", result, columns);
    float sums[] = {(float)cpu_reduce_sum(matrix, rows * columns), (float)cpu_reduce_squares(matrix, rows * columns)};
    print("reduce_sum_and_squares", sums, 2);
    float losses[rows];
    cpu_softmax_cross_entropy(matrix, bias, chosen, 0.5f, true, losses, rows, columns);
    print("softmax_losses", losses, rows);
    print("softmax_gradient", matrix, rows * columns);
    cpu_dropout_apply(matrix, result, 5, rows * columns, 5, 1u << 31, 2, 123, 7, 1);
    print("dropout", result, rows * columns - 5);
}

static void cells(void) {
    float *bias = numbers(7 * hidden), *more = numbers(7 * hidden);
    float *h_before = numbers(rows * hidden), *c_before = numbers(rows * hidden), *between = numbers(rows * 2 * hidden);
    float *h = numbers(rows * hidden), *c = numbers(rows * hidden), *dh = numbers(rows * hidden);
    float *dh_before = numbers(rows * hidden), *dc = numbers(rows * hidden), *dbetween = numbers(rows * 2 * hidden);
    float *gates;
#define FORWARD(step) step(gates, bias, more, h_before, c_before, between, h, c, rows, hidden)
#define BACKWARD(step) step(gates, h_before, c_before, c, dh, dh_before, dc, dbetween, rows, hidden)

    gates = numbers(rows * 4 * hidden);
    FORWARD(cpu_lstm_forward);
    print("lstm_forward_h", h, rows * hidden);
    BACKWARD(cpu_lstm_backward);
    print("lstm_backward_gates", gates, rows * 4 * hidden);
    print("lstm_backward_dc", dc, rows * hidden);

    gates = numbers(rows * 3 * hidden);
    FORWARD(cpu_gru_reset_forward);
    FORWARD(cpu_gru_output_forward);
    print("gru_forward_h", h, rows * hidden);
    BACKWARD(cpu_gru_output_backward);
    BACKWARD(cpu_gru_reset_backward);
    print("gru_backward_gates", gates, rows * 3 * hidden);
    print("gru_backward_dh", dh_before, rows * hidden);

    gates = numbers(rows * hidden);
    FORWARD(cpu_rnn_forward);
    print("rnn_forward_h", h, rows * hidden);
    BACKWARD(cpu_rnn_backward);
    print("rnn_backward_gates", gates, rows * hidden);

    gates = numbers(rows * 2 * hidden);
    FORWARD(cpu_mingru_forward);
    print("mingru_forward_h", h, rows * hidden);
    BACKWARD(cpu_mingru_backward);
    print("mingru_backward_gates", gates, rows * 2 * hidden);
    print("mingru_backward_dh", dh_before, rows * hidden);

    gates = numbers(rows * 7 * hidden);
    FORWARD(cpu_mogrifier_input_forward);
    FORWARD(cpu_mogrifier_state_forward);
    print("mogrifier_forward_between", between, rows * 2 * hidden);
    FORWARD(cpu_mogrifier_lstm_forward);
    print("mogrifier_forward_h", h, rows * hidden);
    BACKWARD(cpu_mogrifier_lstm_backward);
    BACKWARD(cpu_mogrifier_state_backward);
    BACKWARD(cpu_mogrifier_input_backward);
    print("mogrifier_backward_gates", gates, rows * 7 * hidden);
    print("mogrifier_backward_dh", dh_before, rows * hidden);
    print("mogrifier_backward_dc", dc, rows * hidden);
}

static void optimizers(void) {
    float *x = numbers(count), *gradient = numbers(count), *mean = numbers(count), *square = numbers(count);
    for (int i = 0; i < count; i++) square[i] *= square[i];
    cpu_squares squares = cpu_optimizer_rmsprop(x, gradient, square, count, 0.5f, 2, 2e-3f, 0.95f, 1e-8f);
    print("rmsprop", x, count);
    print("rmsprop_squares", (float[]){(float)squares.gradient, (float)squares.parameters}, 2);
    cpu_optimizer_adam(x, gradient, mean, square, count, 0.5f, 2, 2e-3f, 0.9f, 0.999f, 1e-8f, 10, 1000);
    print("adam", x, count);
    double bounded = cpu_optimizer_bound(gradient, count, 0.5f, 2);
    cpu_optimizer_combine(gradient, 0.7f, x, -0.4f, count);
    print("combine", x, count);
    float coefficients[] = {3, -3.2f, 1.2f, 1.875f, -1.25f, 0.375f}, room[cpu_muon_room(rows, hidden)];
    cpu_muon_orthogonalize(x, columns, rows, hidden, coefficients, 2, room);
    print("orthogonal", x, count);
    print("bound_squares", (float[]){(float)bounded}, 1);
}

static void count_slice(void *context, long slice) { ((float *)context)[slice] += (float)slice; }

static void teams(void) {
    float slices[7] = {0};
    cpu_team *team = cpu_team_create(3);
    for (int i = 0; i < 1000; i++) cpu_team_run(team, 7, slices, count_slice);
    cpu_team_free(team);
    print("team", slices, 7);
}

static void limits(void) {
    float result = 1, *x = numbers(1000);
    long operations = cpu_limits_multiply_adds(1000, &result);
    print("limits", (float[]){(float)(operations > 0 && result == result), (float)(cpu_limits_instructions()[0] > 0)}, 2);
    result = 0;
    for (int i = 0; i < 1000; i++) x[i] = 1;
    cpu_limits_read(x, 1000, &result);
    print("limits_read", &result, 1);
}

int main(void) {
    limits();
    products();
    row_kernels();
    cells();
    optimizers();
    teams();
}
