// The few words that every module uses.
#ifndef VOLLEY_BASE_BASE_H
#define VOLLEY_BASE_BASE_H

#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define CACHE_LINE    64
#define MUST_USE      __attribute__((warn_unused_result))
#define PRINTF(f, a)  __attribute__((format(printf, f, a)))
#define likely(x)     __builtin_expect(!!(x), 1)
#define unlikely(x)   __builtin_expect(!!(x), 0)

// Tells the core that it spins.
static inline void cpu_relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

// Wide enough for an IPv6 address; numbers of templates are computed in it so that nothing wraps unseen.
__extension__ typedef unsigned __int128 u128;
__extension__ typedef __int128 i128;

#endif
