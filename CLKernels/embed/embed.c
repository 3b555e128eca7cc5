// Puts the kernel sources into the binary, so that nothing has to be found at run time.
#include "CLKernels.h"

#include <string.h>

static const char common[] = {
#embed "../common.cl"
    , 0};
static const char cpu[] = {
#embed "../cpu.cl"
    , 0};
static const char gpu[] = {
#embed "../gpu.cl"
    , 0};
static const char rows[] = {
#embed "../rows.cl"
    , 0};
static const char reduce[] = {
#embed "../reduce.cl"
    , 0};
static const char product[] = {
#embed "../product.cl"
    , 0};
static const char lstm[] = {
#embed "../lstm.cl"
    , 0};
static const char gru[] = {
#embed "../gru.cl"
    , 0};
static const char rnn[] = {
#embed "../rnn.cl"
    , 0};
static const char softmax[] = {
#embed "../softmax.cl"
    , 0};
static const char dropout[] = {
#embed "../dropout.cl"
    , 0};
static const char optimizer[] = {
#embed "../optimizer.cl"
    , 0};

static const struct {
    const char *name, *source;
} kernels[] = {
    {"common", common}, {"cpu", cpu}, {"gpu", gpu}, {"rows", rows},       {"reduce", reduce},
    {"product", product}, {"lstm", lstm},   {"gru", gru},     {"rnn", rnn},         {"softmax", softmax},
    {"dropout", dropout}, {"optimizer", optimizer},
};

const char *charrnn_kernel_source(const char *name) {
    for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++) {
        if (strcmp(kernels[i].name, name) == 0) return kernels[i].source;
    }
    return NULL;
}
