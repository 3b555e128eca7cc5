// The copy that a right factor is multiplied from: panels of 16 columns, one after the other, which a tile (tile.h) reads
// from front to back.
#pragma once

#include "kernels.h"

enum {
    width = cpu_panel_width,
    // Columns that are copied at a time, so that a row is read by some lines in one go.
    group_columns = 64,
};

/// Panels of depth × 16 = the first columns of b, the last one's filled up with zeros. What lies `ahead` is copied later.
INLINE void copy_panels(const float *b, long stride, long columns, long depth, long ahead, float *panels) {
    long whole = columns / width, left = columns % width;
    for (long i = 0; i < depth; i++, b += stride, panels += width) {
        // Too few of a row at a time for the processor to foresee.
        for (long j = 0; j < columns; j += width) __builtin_prefetch(b + ahead + j);
        for (long p = 0; p < whole; p++) *(vector *)(panels + p * depth * width) = *(const vector *)(b + p * width);
        if (left == 0) continue;
        float *last = panels + whole * depth * width;
        for (long j = 0; j < width; j++) last[j] = j < left ? b[whole * width + j] : 0;
    }
}
