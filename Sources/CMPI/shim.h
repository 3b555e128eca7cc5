#include <stddef.h>
#include <mpi.h>

// What MPI's headers have as macros, which Swift does not see. What they stand for depends on whose MPI it is.
static inline MPI_Comm char_rnn_mpi_world(void) { return MPI_COMM_WORLD; }
static inline MPI_Datatype char_rnn_mpi_float(void) { return MPI_FLOAT; }

// A message on its way: bytes that must stay where they are until it is done. Between two processes messages arrive in the
// order in which they were sent.
typedef struct { MPI_Request request; } char_rnn_mpi_message;

static inline void char_rnn_mpi_send(char_rnn_mpi_message *message, const void *bytes, int count, int rank) {
    MPI_Isend(bytes, count, MPI_BYTE, rank, 0, MPI_COMM_WORLD, &message->request);
}

static inline void char_rnn_mpi_receive(char_rnn_mpi_message *message, void *bytes, int count, int rank) {
    MPI_Irecv(bytes, count, MPI_BYTE, rank, 0, MPI_COMM_WORLD, &message->request);
}

// Whether it is done, also when asked again. Messages move on in calls such as this one, and at no other time.
static inline int char_rnn_mpi_is_done(char_rnn_mpi_message *message) {
    int is_done = 0;
    MPI_Test(&message->request, &is_done, MPI_STATUS_IGNORE);
    return is_done;
}

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
