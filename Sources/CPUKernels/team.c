// Threads that share out the slices of an operation.
//
// A step of training has some thirty operations of less than a millisecond, and waking a parked thread takes up to a
// tenth of that. So after each operation a thread looks out for the next one for a moment, and only then parks.
//
// A thread begins with the slice of its own number, whose rows its cache has from the operation before. Then it takes those
// that nobody has begun, so that a thread which the system has put aside is waited for only where it has begun one.
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "CPUKernels.h"

enum {
    // Some 40 µs.
    looks = 2000,
    // By then a thread has longer work, or the system has put it aside.
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

    // The operation: written before `current`, read by who has taken a slice of it, which keeps it from ending.
    void (*body)(void *context, long slice);
    void *context;
    // The operation's number, and below that how many slices it has.
    atomic_long current;
    // For each slice the number of the last operation in which it was taken; and how many are done of this operation's.
    long most_slices;
    atomic_long *taken;
    atomic_long done;
    atomic_bool is_over;
};

enum { number_shift = 16 };

static _Thread_local bool at_work;

bool cpu_team_is_at_work(void) { return at_work; }

struct helper {
    cpu_team *team;
    long own;
};

static inline void pause_briefly(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void await_operation(cpu_team *team, long last) {
    for (int i = 0; i < looks; i++) {
        if (atomic_load(&team->current) != last) return;
        pause_briefly();
    }
    pthread_mutex_lock(&team->lock);
    // Before the last look: who begins an operation sees one of the two.
    atomic_fetch_add(&team->parked, 1);
    while (atomic_load(&team->current) == last) pthread_cond_wait(&team->call, &team->lock);
    atomic_fetch_sub(&team->parked, 1);
    pthread_mutex_unlock(&team->lock);
}

/// Takes slices of an operation from `own` on, as long as some are left. It may have ended since: then all are taken.
static void work(cpu_team *team, long operation, long own) {
    long number = operation >> number_shift, slices = operation & ((1 << number_shift) - 1);
    for (long i = 0; i < slices; i++) {
        long slice = (own + i) % slices;
        long last = atomic_load(&team->taken[slice]);
        if (last >= number || !atomic_compare_exchange_strong(&team->taken[slice], &last, number)) continue;
        bool was_at_work = at_work;
        at_work = true;
        team->body(team->context, slice);
        at_work = was_at_work;
        atomic_fetch_add(&team->done, 1);
    }
}

static void *help(void *argument) {
    struct helper helper = *(struct helper *)argument;
    free(argument);
    for (long operation = 0;;) {
        await_operation(helper.team, operation);
        operation = atomic_load(&helper.team->current);
        if (atomic_load(&helper.team->is_over)) return NULL;
        work(helper.team, operation, helper.own);
    }
}

/// Returns what `current` is from now on.
static long begin(cpu_team *team, long slices) {
    long operation = ((atomic_load(&team->current) >> number_shift) + 1) << number_shift | slices;
    atomic_store(&team->current, operation);
    if (atomic_load(&team->parked) > 0) {
        pthread_mutex_lock(&team->lock);
        pthread_cond_broadcast(&team->call);
        pthread_mutex_unlock(&team->lock);
    }
    return operation;
}

cpu_team *cpu_team_create(int threads) {
    cpu_team *team = calloc(1, sizeof *team);
    if (!team) return NULL;
    team->threads = calloc((size_t)threads, sizeof *team->threads);
    team->taken = calloc((size_t)threads, sizeof *team->taken);
    team->most_slices = team->taken ? threads : 0;
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
    begin(team, 0);
    for (int i = 0; i < team->helpers; i++) pthread_join(team->threads[i], NULL);
    pthread_mutex_destroy(&team->busy);
    pthread_mutex_destroy(&team->lock);
    pthread_cond_destroy(&team->call);
    free(team->threads);
    free(team->taken);
    free(team);
}

void cpu_team_run(cpu_team *team, long slices, void *context, void (*body)(void *context, long slice)) {
    // Where another thread's operation has the team, or it was made for fewer, the slices stay the same.
    if (!team || slices > team->most_slices || pthread_mutex_trylock(&team->busy) != 0) {
        for (long i = 0; i < slices; i++) body(context, i);
        return;
    }
    team->body = body;
    team->context = context;
    atomic_store(&team->done, 0);
    work(team, begin(team, slices), 0);
    for (long i = 0; atomic_load(&team->done) < slices; i++) {
        if (i < looks_for_the_others) pause_briefly();
        else sched_yield();
    }
    pthread_mutex_unlock(&team->busy);
}
