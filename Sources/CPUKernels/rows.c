// Biases, look-up of rows and of columns, and its gradient: the twin of rows.cl.
#include "kernels.h"

KERNEL void cpu_rows_add_bias(float *matrix, const float *bias, long rows, long columns) {
    for (long i = 0; i < rows; i++) {
        INDEPENDENT
        for (long j = 0; j < columns; j++) matrix[i * columns + j] += bias[j];
    }
}

void cpu_rows_gather(const float *table, const int32_t *indices, float *rows, long stride, long count, long columns) {
    for (long i = 0; i < count; i++) {
        memcpy(rows + i * stride, table + indices[i] * columns, (size_t)columns * sizeof(float));
    }
}

KERNEL void cpu_rows_scatter(const float *rows, long stride, const int32_t *starts, const int32_t *positions,
                             float *table, long first, long last, long columns) {
    for (long v = first; v < last; v++) {
        float *sum = table + v * columns;
        memset(sum, 0, (size_t)columns * sizeof(float));
        for (long p = starts[v]; p < starts[v + 1]; p++) {
            const float *row = rows + positions[p] * stride;
            INDEPENDENT
            for (long j = 0; j < columns; j++) sum[j] += row[j];
        }
    }
}

// Some rows of the table at a time, of which each index then finds a run of neighbours in `rows`: one line of the cache.
enum { lines = 16 };

void cpu_rows_gather_columns(const float *table, long table_stride, const int32_t *indices, float *rows, long rows_stride,
                             long count, long columns) {
    for (long first = 0; first < columns; first += lines) {
        long end = smaller(first + lines, columns);
        for (long k = 0; k < count; k++) {
            for (long i = first; i < end; i++) rows[k * rows_stride + i] = table[i * table_stride + indices[k]];
        }
    }
}

void cpu_rows_scatter_columns(const float *rows, long rows_stride, const int32_t *indices, float *table, long table_stride,
                              long count, long columns) {
    for (long first = 0; first < columns; first += lines) {
        long end = smaller(first + lines, columns);
        memset(table + first * table_stride, 0, (size_t)((end - first) * table_stride) * sizeof(float));
        for (long k = 0; k < count; k++) {
            for (long i = first; i < end; i++) table[i * table_stride + indices[k]] = rows[k * rows_stride + i];
        }
    }
}
