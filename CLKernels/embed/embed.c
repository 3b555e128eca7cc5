// Puts the kernel sources into the binary, so that nothing has to be found at run time.
#include "CLKernels.h"

#include <string.h>

static const struct {
    const char *name, *source;
} kernels[] = {
    {"common",
     (const char[]){
#embed "../common.cl"
         , 0}},
    {"cpu",
     (const char[]){
#embed "../cpu.cl"
         , 0}},
    {"gpu",
     (const char[]){
#embed "../gpu.cl"
         , 0}},
    {"cell",
     (const char[]){
#embed "../cell.cl"
         , 0}},
    {"sequence",
     (const char[]){
#embed "../sequence.cl"
         , 0}},
    {"step",
     (const char[]){
#embed "../step.cl"
         , 0}},
    {"lstm",
     (const char[]){
#embed "../lstm.cl"
         , 0}},
    {"gru",
     (const char[]){
#embed "../gru.cl"
         , 0}},
    {"rnn",
     (const char[]){
#embed "../rnn.cl"
         , 0}},
    {"mingru",
     (const char[]){
#embed "../mingru.cl"
         , 0}},
    // Its second half-step is the LSTM's.
    {"mogrifier",
     (const char[]){
#embed "../lstm.cl"
         ,
#embed "../mogrifier.cl"
         , 0}},
    {"rows",
     (const char[]){
#embed "../rows.cl"
         , 0}},
    {"reduce",
     (const char[]){
#embed "../reduce.cl"
         , 0}},
    {"product",
     (const char[]){
#embed "../product.cl"
         , 0}},
    {"softmax",
     (const char[]){
#embed "../softmax.cl"
         , 0}},
    {"dropout",
     (const char[]){
#embed "../dropout.cl"
         , 0}},
    {"optimizer",
     (const char[]){
#embed "../optimizer.cl"
         , 0}},
    {"muon",
     (const char[]){
#embed "../muon.cl"
         , 0}},
};

const char *charrnn_kernel_source(const char *name) {
    for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++) {
        if (strcmp(kernels[i].name, name) == 0) return kernels[i].source;
    }
    return NULL;
}
