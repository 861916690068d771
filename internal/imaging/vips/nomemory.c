#define _GNU_SOURCE // RTLD_NEXT
#include "pixmill.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

// Libraries that draw pass over what they get no memory for: poppler and librsvg
// leave a picture out and say nothing. Where a drawing must be whole or refused, the
// process ends instead, at the first allocation that fails.
static int no_memory_status;

// From now on the process ends with this status where it gets no memory. Only where
// the C library lets a program have an allocator of its own; else nothing is changed.
void
px_end_without_memory(int status)
{
	no_memory_status = status;
}

#ifdef __GLIBC__

// The next allocator: glibc's, or one that LD_PRELOAD names. What it gives goes back to
// its own free, so that none of it may come from elsewhere. dlsym of glibc 2.34 and
// later allocates nothing where it finds the name.
#define NEXT(name) \
	static __typeof__(name) *next; \
	if (G_UNLIKELY(next == NULL)) \
		next = (__typeof__(name) *) dlsym(RTLD_NEXT, #name)

static inline void *
checked(void *got, size_t size)
{
	if (G_UNLIKELY(got == NULL) && size > 0 && no_memory_status != 0)
		_exit(no_memory_status);
	return got;
}

// These four stand before glibc's own for every library of the program.

void *
malloc(size_t size)
{
	NEXT(malloc);
	return checked(next(size), size);
}

void *
calloc(size_t n, size_t size)
{
	NEXT(calloc);
	return checked(next(n, size), n > 0 ? size : 0);
}

void *
realloc(void *old, size_t size)
{
	NEXT(realloc);
	return checked(next(old, size), size);
}

int
posix_memalign(void **out, size_t alignment, size_t size)
{
	NEXT(posix_memalign);
	int rc = next(out, alignment, size);

	if (rc == ENOMEM)
		checked(NULL, size);
	return rc;
}

#endif
