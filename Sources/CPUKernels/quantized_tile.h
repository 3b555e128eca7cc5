// The whole-number sums of a tile, for one instruction set. quantized.c includes this once for each, with these defined:
//
// TILE        the function's name
// TARGET      the attribute of functions that use the instructions
// BYTES       the width of a register; 16 columns are 64 bytes
// MOST_ROWS   of a tile, so that the sums of all of them live in registers
// DOT(s, x, w)   the sums s, each plus the four products of bytes of x, 0 to 127, and of w, −127 to 127
#define PASTE(a, b) a##b
#define NAME(a, b) PASTE(a, b)
#define VECTOR NAME(TILE, _vector)
#define TILE_OF NAME(TILE, _of)

typedef int32_t VECTOR __attribute__((vector_size(BYTES), aligned(4)));

/// `rows` and `chains`, one of which is 1, are constants at every call. Sums in several chains do not wait for one another, and
/// being whole numbers they are the same.
TARGET INLINE void TILE_OF(const uint8_t *a, long a_stride, const int32_t *panel, long quads, int32_t *sums,
                           const int rows, const int chains) {
    enum { parts = 64 / BYTES, lanes = BYTES / 4, most = MOST_ROWS > row_chains ? MOST_ROWS : row_chains };
    VECTOR s[most][parts];
    UNROLLED
    for (int i = 0; i < rows * chains; i++) {
        UNROLLED
        for (int p = 0; p < parts; p++) {
            s[i][p] = i < rows ? *(const VECTOR *)(panel + starts_place + p * lanes) : (VECTOR){0};
        }
    }
    const int32_t *weights = panel + weights_place;
    long q = 0;
    ALIGNED
    for (; q + chains <= quads; q += chains, weights += chains * width) {
        UNROLLED
        for (int i = 0; i < rows * chains; i++) {
            int32_t four;
            memcpy(&four, a + i / chains * a_stride + 4 * (q + i / rows), sizeof four);
            const VECTOR x = (VECTOR){0} + four;
            UNROLLED
            for (int p = 0; p < parts; p++) {
                s[i][p] = DOT(s[i][p], x, *(const VECTOR *)(weights + i / rows * width + p * lanes));
            }
        }
    }
    // What is left for the first chain of one row.
    for (; q < quads; q++, weights += width) {
        int32_t four;
        memcpy(&four, a + 4 * q, sizeof four);
        const VECTOR x = (VECTOR){0} + four;
        UNROLLED
        for (int p = 0; p < parts; p++) s[0][p] = DOT(s[0][p], x, *(const VECTOR *)(weights + p * lanes));
    }
    UNROLLED
    for (int r = 0; r < rows; r++) {
        UNROLLED
        for (int p = 0; p < parts; p++) {
            VECTOR sum = s[r][p];
            UNROLLED
            for (int c = 1; c < chains; c++) sum += s[c][p];
            *(VECTOR *)(sums + r * width + p * lanes) = sum;
        }
    }
}

/// sums: rows × 16 of one panel, up to MOST_ROWS rows.
TARGET static void TILE(const uint8_t *a, long a_stride, const int32_t *panel, long quads, int32_t *sums, long rows) {
#define ROWS(count)                                                                              \
    case count:                                                                                  \
        if (count <= MOST_ROWS) TILE_OF(a, a_stride, panel, quads, sums, count, 1);              \
        break;
    switch (rows) {
        case 1: TILE_OF(a, a_stride, panel, quads, sums, 1, row_chains); break;
        ROWS(2) ROWS(3) ROWS(4) ROWS(5) ROWS(6) ROWS(7) ROWS(8)
    }
#undef ROWS
}

#undef PASTE
#undef NAME
#undef VECTOR
#undef TILE_OF
#undef TILE
#undef TARGET
#undef BYTES
#undef MOST_ROWS
#undef DOT
