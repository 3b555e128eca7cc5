#include <stddef.h>
#include <mpi.h>

// What MPI's headers have as macros, which Swift does not see. What they stand for depends on whose MPI it is.
static inline MPI_Comm char_rnn_mpi_world(void) { return MPI_COMM_WORLD; }
static inline MPI_Datatype char_rnn_mpi_byte(void) { return MPI_BYTE; }
static inline MPI_Datatype char_rnn_mpi_float(void) { return MPI_FLOAT; }

// Whether one thread at a time may call MPI, whichever it is.
static inline int char_rnn_mpi_init(void) {
    int provided = MPI_THREAD_SINGLE;
    return MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &provided) == MPI_SUCCESS
        && provided >= MPI_THREAD_SERIALIZED;
}

// Into `name`, which has room for MPI_MAX_LIBRARY_VERSION_STRING characters.
enum { char_rnn_mpi_name_size = MPI_MAX_LIBRARY_VERSION_STRING };
static inline void char_rnn_mpi_library(char *name) {
    int length = 0;
    MPI_Get_library_version(name, &length);
}
