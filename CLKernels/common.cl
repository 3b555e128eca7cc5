// What stands before every other file of this folder when it is built.
//
// Letters: B batch, T time, V vocabulary, H hidden, G gates. Matrices are row-major.
// Every memory operand is followed by the index of its first element, since buffers are slices of larger ones.
//
// A work-item holds a vector of WIDTH neighbouring columns: WIDTH is 1 on GPUs, where the neighbours are work-items of
// their own, and fills a register on processors, whose compilers do not vectorise exp for us.
// The last vector of a row may be partly outside it; `left` is the number of elements from its first to the row's end.

#ifndef WIDTH
#define WIDTH 1
#endif

#if WIDTH == 1
typedef float vector;
#elif WIDTH == 8
typedef float8 vector;
#else
#error "WIDTH is 1 or 8"
#endif

// The vectors of a row of so many columns.
#define VECTORS(columns) (((columns) + WIDTH - 1) / WIDTH)

// Work-items compute with vectors already. Intel's compiler for AVX-512 would make sixteen of them one, in which
// vectors are gathered from all over the memory.
#define KERNEL kernel __attribute__((vec_type_hint(vector)))

// The vector at `x`; what lies beyond the row's end reads as `missing`.
static inline vector vector_load_or(global const float *x, int left, float missing) {
#if WIDTH == 1
    return x[0];
#else
    if (left >= WIDTH) return vload8(0, x);
    float part[WIDTH];
    for (int i = 0; i < WIDTH; i++) part[i] = i < left ? x[i] : missing;
    return vload8(0, part);
#endif
}

static inline vector vector_load(global const float *x, int left) { return vector_load_or(x, left, 0.0f); }

static inline void vector_store(vector value, global float *x, int left) {
#if WIDTH == 1
    x[0] = value;
#else
    if (left >= WIDTH) {
        vstore8(value, 0, x);
        return;
    }
    float part[WIDTH];
    vstore8(value, 0, part);
    for (int i = 0; i < left; i++) x[i] = part[i];
#endif
}

static inline float vector_sum(vector x) {
#if WIDTH == 1
    return x;
#else
    float4 quarter = x.lo + x.hi;
    float2 pair = quarter.lo + quarter.hi;
    return pair.x + pair.y;
#endif
}

static inline float vector_maximum(vector x) {
#if WIDTH == 1
    return x;
#else
    float4 quarter = fmax(x.lo, x.hi);
    float2 pair = fmax(quarter.lo, quarter.hi);
    return fmax(pair.x, pair.y);
#endif
}

// The sum of every work-item's x, to each of them, in an order fixed by the group's size, which is a power of two.
// All items of the group must call it; `lanes` holds a float for each.
static inline float group_sum(float x, local float *lanes) {
    int lane = get_local_id(0);
    // An earlier result may still be read from lanes[0].
    barrier(CLK_LOCAL_MEM_FENCE);
    lanes[lane] = x;
    for (int half_size = get_local_size(0) / 2; half_size > 0; half_size /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (lane < half_size) lanes[lane] += lanes[lane + half_size];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    return lanes[0];
}

// As group_sum, the largest.
static inline float group_maximum(float x, local float *lanes) {
    int lane = get_local_id(0);
    barrier(CLK_LOCAL_MEM_FENCE);
    lanes[lane] = x;
    for (int half_size = get_local_size(0) / 2; half_size > 0; half_size /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (lane < half_size) lanes[lane] = fmax(lanes[lane], lanes[lane + half_size]);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    return lanes[0];
}
