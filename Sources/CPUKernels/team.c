// Threads that share out the slices of an operation.
//
// A step of training has some thirty operations of less than a millisecond, and waking a parked thread takes up to a
// tenth of that. So after each operation a thread looks out for the next one for a moment, and only then parks.
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "CPUKernels.h"

enum {
    // Some 40 µs.
    looks = 2000,
    // By then the system must have put a thread aside.
    looks_for_the_others = 20000,
};

struct cpu_team {
    int helpers;
    pthread_t *threads;
    // Held while an operation runs.
    pthread_mutex_t busy;
    // For parking.
    pthread_mutex_t lock;
    pthread_cond_t call;
    atomic_int parked;

    // The operation: written before `number` grows, read after.
    void (*body)(void *context, long slice);
    void *context;
    long slices;
    atomic_long number;
    atomic_int working;
    atomic_bool is_over;
};

struct helper {
    cpu_team *team;
    long slice;
};

static inline void pause_briefly(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void await_operation(cpu_team *team, long done) {
    for (int i = 0; i < looks; i++) {
        if (atomic_load(&team->number) != done) return;
        pause_briefly();
    }
    pthread_mutex_lock(&team->lock);
    // Before the last look: who begins an operation sees one of the two.
    atomic_fetch_add(&team->parked, 1);
    while (atomic_load(&team->number) == done) pthread_cond_wait(&team->call, &team->lock);
    atomic_fetch_sub(&team->parked, 1);
    pthread_mutex_unlock(&team->lock);
}

static void *help(void *argument) {
    struct helper helper = *(struct helper *)argument;
    free(argument);
    cpu_team *team = helper.team;
    for (long done = 0;; done++) {
        await_operation(team, done);
        if (atomic_load(&team->is_over)) return NULL;
        if (helper.slice < team->slices) team->body(team->context, helper.slice);
        atomic_fetch_sub(&team->working, 1);
    }
}

static void begin(cpu_team *team) {
    atomic_store(&team->working, team->helpers);
    atomic_fetch_add(&team->number, 1);
    if (atomic_load(&team->parked) > 0) {
        pthread_mutex_lock(&team->lock);
        pthread_cond_broadcast(&team->call);
        pthread_mutex_unlock(&team->lock);
    }
}

cpu_team *cpu_team_create(int threads) {
    cpu_team *team = calloc(1, sizeof *team);
    if (!team) return NULL;
    team->threads = calloc((size_t)threads, sizeof *team->threads);
    pthread_mutex_init(&team->busy, NULL);
    pthread_mutex_init(&team->lock, NULL);
    pthread_cond_init(&team->call, NULL);
    for (int i = 1; team->threads && i < threads; i++) {
        struct helper *helper = malloc(sizeof *helper);
        if (!helper) break;
        *helper = (struct helper){team, i};
        if (pthread_create(&team->threads[team->helpers], NULL, help, helper) != 0) {
            free(helper);
            break;
        }
        team->helpers++;
    }
    return team;
}

void cpu_team_free(cpu_team *team) {
    if (!team) return;
    atomic_store(&team->is_over, true);
    begin(team);
    for (int i = 0; i < team->helpers; i++) pthread_join(team->threads[i], NULL);
    pthread_mutex_destroy(&team->busy);
    pthread_mutex_destroy(&team->lock);
    pthread_cond_destroy(&team->call);
    free(team->threads);
    free(team);
}

void cpu_team_run(cpu_team *team, long slices, void *context, void (*body)(void *context, long slice)) {
    // Another thread's operation has the team, or it is smaller than was asked for: the slices stay the same.
    long own = slices;
    bool has_team = team && pthread_mutex_trylock(&team->busy) == 0;
    if (has_team) {
        team->body = body;
        team->context = context;
        team->slices = slices;
        begin(team);
        own = 1;
    }
    for (long i = 0; i < own; i++) body(context, i);
    if (!has_team) return;
    for (long i = 1 + team->helpers; i < slices; i++) body(context, i);
    for (long i = 0; atomic_load(&team->working) > 0; i++) {
        if (i < looks_for_the_others) pause_briefly();
        else sched_yield();
    }
    pthread_mutex_unlock(&team->busy);
}
